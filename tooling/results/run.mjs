// Runs the recipes of recipes/post-training through the command line and writes what they gave to docs/results.json,
// from which docs/paper-index.md takes its numbers.
//
//   node tooling/results/run.mjs [name ...] [--data <folder>] [--only <method,...>]
//
// Without names: all but those that need real data. `--only` takes some methods of `more-methods` and `contrastive`. Runs go to runs/post-training; finished ones are not repeated.
import { existsSync, readdirSync } from 'node:fs';

const names = readdirSync(new URL('experiments/', import.meta.url))
  .map((file) => file.replace(/\.mjs$/, ''))
  .sort();
const args = process.argv.slice(2);
const data = option('--data');
if (data !== undefined && !existsSync(data)) fail('--data names a folder that is there');
const only = option('--only')?.split(',');
const wanted = args;
for (const name of wanted) {
  if (!names.includes(name)) fail(`there is no experiment ${name}; known: ${names.join(', ')}`);
}
for (const name of wanted.length > 0 ? wanted : names) {
  const { run, needsData } = await import(new URL(`experiments/${name}.mjs`, import.meta.url).href);
  if (needsData && !data) {
    if (wanted.includes(name)) fail(`${name} needs real data: --data <folder>`);
    continue;
  }
  console.log(`\n${name}`);
  await run({ data, only });
}

/** Takes a word and its value out of the arguments. */
function option(word) {
  const at = args.indexOf(word);
  if (at < 0) return undefined;
  const [, value] = args.splice(at, 2);
  if (value === undefined) fail(`${word} wants a value`);
  return value;
}

function fail(message) {
  console.error(`results: ${message}`);
  process.exit(1);
}
