// Writes docs/paper-index.md: for every algorithm its paper, its file, the recipe that runs it and what that gave.
//
//   pnpm paper-index            writes it
//   pnpm paper-index --check    exit code 1 when it is out of date
//
// All of it comes from elsewhere: papers from the definitions in packages/algorithms (built before), recipes from
// recipes/, numbers from docs/results.json, which whoever runs a recipe writes: a list of
//
//   { "algorithm": "grpo", "recipe": "recipes/x.yaml", "metric": "pass@1", "before": 0.5, "after": 0.8, "seeds": 3 }
//
// `before`, `seeds`, `spread` (the standard deviation between seeds) and a `note` may be missing. A number is a mean over
// seeds; nothing is typed in by hand.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCE = 'packages/algorithms/src';
const BUILT = 'packages/algorithms/dist/index.js';
const INDEX = 'docs/paper-index.md';
const RESULTS = 'docs/results.json';
/** Losses of `dpo` that are also words of their own, by what results call them: the numbers stand at their own papers. */
const KIN = {
  cdpo: 'cdpo',
  robust: 'robust-dpo',
  hinge: 'slic',
  ipo: 'ipo',
  'exo-pair': 'exo',
  'nca-pair': 'nca',
  'bco-pair': 'bco-pair',
  'sppo-hard': 'sppo-hard',
  aot: 'aot',
  'aot-unpaired': 'aot-unpaired',
  'apo-zero': 'apo-zero',
  'apo-down': 'apo-down',
  discopop: 'discopop',
  'sigmoid-norm': 'dpo-norm',
  mpo: 'mpo',
  'forward-kl': 'f-dpo',
  'jensen-shannon': 'f-dpo',
  'alpha-divergence': 'f-dpo',
  'ld-dpo': 'ld-dpo',
  wpo: 'wpo',
  'tr-dpo': 'tr-dpo',
};

if (!existsSync(BUILT)) fail(`${BUILT} is missing: build the package first (pnpm paper-index does)`);
const { algorithms } = await import(new URL(`../${BUILT}`, import.meta.url).href);
const sources = sourceFiles(SOURCE);
const results = readResults();
const recipes = recipesByAlgorithm();
const text = render();

if (process.argv.includes('--check')) {
  const found = existsSync(INDEX) ? readFileSync(INDEX, 'utf8') : '';
  if (found !== text) fail(`${INDEX} is out of date: run pnpm paper-index`);
  console.log(`${INDEX} is up to date: ${Object.keys(algorithms).length} algorithms`);
} else {
  writeFileSync(INDEX, text);
  console.log(`${INDEX}: ${Object.keys(algorithms).length} algorithms, ${results.length} results`);
}

function render() {
  const byFolder = new Map();
  for (const [name, algorithm] of Object.entries(algorithms)) {
    const file = fileOf(name);
    const folder = relative(SOURCE, dirname(file)) || 'others';
    if (!byFolder.has(folder)) byFolder.set(folder, []);
    byFolder.get(folder).push(row(name, algorithm, file));
  }
  const parts = [
    '# Papers',
    'Every algorithm of `@attune/algorithms`: the paper it implements, the file, the recipes that run it and what they gave. Generated from the definitions by `pnpm paper-index`; numbers come from [results.json](results.json), which recipe runs write. A recipe names an algorithm by the word in the first column.',
  ];
  for (const [folder, rows] of byFolder) {
    parts.push(`## ${folder.replaceAll('-', ' ')}`);
    parts.push(table(['algorithm', 'paper', 'also', 'file', 'recipe', 'our number'], rows));
  }
  parts.push('## shared mathematics');
  parts.push(table(['file', 'papers'], sharedRows()));
  return `${parts.join('\n\n')}\n`;
}

function row(name, { paper }, file) {
  const link = `[${paper.title}](${paper.url})${paper.equations ? `, ${paper.equations}` : ''}`;
  const own = citations(sources.get(file)).filter((id) => !paper.url.includes(id));
  const numbers = results.filter((result) => nameOf(result) === name).map(number);
  return [
    `\`${name}\``,
    link,
    own.map(arxiv).join(', '),
    fileLink(file),
    (recipes.get(name) ?? []).map((path) => `[${path}](../${path})`).join(', ') || '–',
    numbers.join('; ') || 'none yet',
  ];
}

/** Whose paper a result belongs to. */
function nameOf({ algorithm, metric }) {
  return (algorithm === 'dpo' && KIN[metric.replace(/^preference accuracy, /, '')]) || algorithm;
}

function number({ metric, before, after, spread, seeds, recipe, note }) {
  const change = before === undefined ? show(after) : `${show(before)} → ${show(after)}`;
  const spreads = spread === undefined ? '' : ` ± ${Number(spread.toPrecision(2))}`;
  const how = [seeds ? `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}` : '', note ?? '']
    .filter(Boolean)
    .join('; ');
  return `${metric} ${change}${spreads}${how ? ` (${how})` : ''}, [${recipe}](../${recipe})`;
}

function show(value) {
  return Number.isInteger(value) ? String(value) : Number(value.toPrecision(3)).toString();
}

/** Papers that files without a definition cite. */
function sharedRows() {
  const defining = new Set(Object.keys(algorithms).map(fileOf));
  return [...sources]
    .filter(([file]) => !defining.has(file))
    .map(([file, source]) => [file, citations(source)])
    .filter(([, ids]) => ids.length > 0)
    .map(([file, ids]) => [fileLink(file), ids.map(arxiv).join(', ')]);
}

function citations(source) {
  return [...new Set([...source.matchAll(/arXiv (\d{4}\.\d{4,5})/g)].map(([, id]) => id))];
}

function arxiv(id) {
  return `[${id}](https://arxiv.org/abs/${id})`;
}

function fileLink(file) {
  return `[${relative(SOURCE, file)}](../${file})`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The file whose definition has this name. */
function fileOf(name) {
  const declared = new RegExp(`^ +name: '${name.replace(/[+.]/g, '\\$&')}',$`, 'm');
  const files = [...sources].filter(
    ([, source]) => source.includes('defineAlgorithm(') && declared.test(source),
  );
  if (files.length !== 1)
    fail(
      `'${name}' must be defined in exactly one file of ${SOURCE}, found ${files.length}: ${files.map(([file]) => file)}`,
    );
  return files[0][0];
}

function sourceFiles(folder) {
  const paths = readdirSync(folder, { recursive: true })
    .map((path) => join(folder, path).replaceAll('\\', '/'))
    .filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !/\/(testing|fixtures)\//.test(path),
    )
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

/** `algorithm: name`, or `algorithm:` with `name:` below it, wherever in a recipe. */
function recipesByAlgorithm() {
  const found = new Map();
  for (const file of readdirSync('recipes', { recursive: true }).sort()) {
    if (!/\.ya?ml$/.test(file)) continue;
    const path = `recipes/${file.replaceAll('\\', '/')}`;
    const source = readFileSync(path, 'utf8').replace(/^\s*#.*$/gm, '');
    const named = source.matchAll(
      /^[ -]*algorithm:[ ]*(?:\n\s+(?:\w+:.*\n\s+)*?name:[ ]*)?['"]?([\w+@/.-]+)/gm,
    );
    for (const name of new Set([...named].map(([, name]) => name)))
      if (Object.hasOwn(algorithms, name)) found.set(name, [...(found.get(name) ?? []), path]);
  }
  return found;
}

function readResults() {
  if (!existsSync(RESULTS)) return [];
  const list = JSON.parse(readFileSync(RESULTS, 'utf8'));
  if (!Array.isArray(list)) fail(`${RESULTS} must be a list`);
  for (const [i, one] of list.entries()) {
    const where = `${RESULTS}, entry ${i}`;
    if (!Object.hasOwn(algorithms, one.algorithm)) fail(`${where}: no algorithm '${one.algorithm}'`);
    if (!existsSync(one.recipe ?? '')) fail(`${where}: no recipe '${one.recipe}'`);
    if (typeof one.metric !== 'string') fail(`${where}: metric must be a word, found ${one.metric}`);
    for (const key of ['before', 'after', 'spread', 'seeds']) {
      if ((key === 'after' || one[key] !== undefined) && !Number.isFinite(one[key]))
        fail(`${where}: ${key} must be a number, found ${one[key]}`);
    }
  }
  return list;
}

function fail(message) {
  console.error(`paper-index: ${message}`);
  process.exit(1);
}
