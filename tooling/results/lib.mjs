import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command line, as built. */
export const COMMAND = 'apps/cli/dist/main.js';
const RESULTS = 'docs/results.json';

/** Where all runs go. */
export const RUNS = 'runs/post-training';

/**
 * Trains a recipe through the command line, or looks at what an earlier call left: a run is a pure function of its
 * recipe, so nothing is done twice.
 * @returns its folder and the lines of its metrics
 */
export function train(name, recipe, ...overrides) {
  const output = join(RUNS, name);
  const start = performance.now();
  const done = existsSync(join(output, 'model/config.json'));
  if (!done) {
    const args = [
      COMMAND,
      'train',
      `recipes/${recipe}.yaml`,
      ...overrides,
      '--output',
      output,
      '--quiet',
      '--resume',
    ];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name}: ${stderr.trim()}`);
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`${name}${done ? ' (there already)' : `: ${seconds.toFixed(0)} s`}`);
  const metrics = metricsOf(output);
  return { name, output, model: join(output, 'model'), metrics };
}

/** Lines of a run's metrics; none for a run of stages. */
export function metricsOf(folder) {
  const path = join(folder, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Every value of a metric, in order. */
export const values = ({ metrics }, metric) =>
  metrics.flatMap((line) => (line[metric] === undefined ? [] : [line[metric]]));
export const first = (run, metric) => values(run, metric)[0];
export const last = (run, metric) => values(run, metric).at(-1);
export const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Words that make a run take so many steps, judged and kept at its end. */
export const lasting = (steps) =>
  ['schedule.steps', 'evaluation.every', 'checkpoint.every'].map((key) => `${key}=${steps}`);

/** Seeds of everything that is cheap enough to be run thrice. */
export const SEEDS = [1, 2, 3];

/**
 * What runs of several seeds gave: means of the first (unless `before` is false) and last value of a metric, the
 * standard deviation of the last ones between seeds (n − 1), and each by itself.
 */
export function overSeeds(runs, metric, { before = true } = {}) {
  const each = runs.map((run) => [...(before ? [first(run, metric)] : []), last(run, metric)]);
  const ends = each.map((values) => values.at(-1));
  const after = mean(ends);
  const variance = ends.reduce((sum, value) => sum + (value - after) ** 2, 0) / (runs.length - 1);
  return {
    ...(before && { before: mean(each.map(([value]) => value)) }),
    after,
    ...(runs.length > 1 && { spread: Math.sqrt(variance) }),
    seeds: runs.length,
    each,
  };
}

/**
 * Puts numbers into docs/results.json, in the place of those of the same algorithm, recipe and metric.
 * @param entries `{ algorithm, recipe, metric, before?, after, spread?, seeds?, each?, note? }`
 */
export function record(...entries) {
  const known = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [];
  const key = ({ algorithm, recipe, metric }) => [algorithm, recipe, metric].join(' | ');
  for (const entry of entries) {
    const place = known.findIndex((other) => key(other) === key(entry));
    if (place < 0) known.push(entry);
    else known[place] = entry;
    const before = entry.before === undefined ? '' : `${entry.before.toFixed(3)} -> `;
    console.log(
      `  ${entry.algorithm}: ${entry.metric} ${before}${entry.after.toFixed(3)}${entry.note ? ` (${entry.note})` : ''}`,
    );
  }
  known.sort((a, b) => key(a).localeCompare(key(b)));
  writeFileSync(RESULTS, `${JSON.stringify(known, null, 2)}\n`);
}
