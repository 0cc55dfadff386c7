import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND, first, lasting, mean, metricsOf, overSeeds, RUNS, record, SEEDS, train } from '../lib.mjs';

const METRIC = 'validation/reward';

/** PAFT: accuracy of one model with the changes of two adapters, and of each adapter by itself. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const both = SEEDS.map((seed) => {
    const words = ['supervised', 'preference'].map((stage) => `stages.${stage}.model.path=${model}`);
    const { output } = train(`paft-${seed}`, 'post-training/paft', ...words, `seed=${seed}`);
    const merged = join(RUNS, `paft-merged-${seed}`);
    const adapters = ['supervised', 'preference'].map((stage) => join(output, stage, 'model/adapter'));
    if (!existsSync(merged)) attune('export', model, '--merge-lora', ...adapters, '--to', merged);
    // What a run sees of its model before its first step.
    const judged = train(
      `paft-judged-${seed}`,
      'post-training/dft',
      `model.path=${merged}`,
      `seed=${seed}`,
      ...lasting(1),
    );
    const stage = (name) => ({ metrics: metricsOf(join(output, name)) });
    return { judged, supervised: stage('supervised'), preference: stage('preference') };
  });
  const alone = (stage) =>
    overSeeds(
      both.map((run) => run[stage]),
      METRIC,
    ).after.toFixed(3);
  const before = mean(both.map(({ supervised }) => first(supervised, METRIC)));
  const ends = both.map(({ judged }) => first(judged, METRIC));
  const after = mean(ends);
  record({
    algorithm: 'paft',
    recipe: 'recipes/post-training/paft.yaml',
    metric: 'accuracy of the merged model',
    before,
    after,
    spread: Math.sqrt(ends.reduce((sum, value) => sum + (value - after) ** 2, 0) / (ends.length - 1)),
    seeds: SEEDS.length,
    each: both.map(({ supervised }, i) => [first(supervised, METRIC), ends[i]]),
    note: `the adapters alone ${alone('supervised')} and ${alone('preference')}`,
  });
}

function attune(...args) {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]}: ${stderr.trim()}`);
}
