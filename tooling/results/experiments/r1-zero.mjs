import { join } from 'node:path';
import { readRun, writeReport } from '../../../packages/eval/dist/index.js';
import { metricsOf, overSeeds, RUNS, record, SEEDS, train } from '../lib.mjs';

/** Reinforcement learning from a base model: accuracy, and how length and format of the answers change with it. */
export async function run() {
  const runs = SEEDS.map((seed) => {
    const { output } = train(`r1-zero-${seed}`, 'post-training/r1-zero', `seed=${seed}`);
    const zero = join(output, 'zero');
    return { zero, metrics: metricsOf(zero) };
  });
  const recipe = 'recipes/post-training/r1-zero.yaml';
  for (const [metric, name] of [
    ['accuracy', 'validation/reward/gsm8k'],
    ['answers in the format', 'validation/reward/format'],
    ['tokens an answer', 'validation/answer-tokens'],
  ]) {
    record({ algorithm: 'grpo', recipe, metric, ...overSeeds(runs, name) });
  }
  const report = writeReport(join(RUNS, 'r1-zero'), {
    title: 'R1-Zero in small',
    subtitle: 'Reinforcement learning from a base model: accuracy, format and length of the answers',
    runs: runs.map(({ zero }, i) => readRun(zero, `seed ${SEEDS[i]}`)),
  });
  console.log(`  curves: ${report}`);
}
