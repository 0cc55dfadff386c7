import { join } from 'node:path';
import { first, last, metricsOf, record, train } from '../lib.mjs';

/** Reinforcement learning from a base model: accuracy, and how length and format of the answers change with it. */
export async function run() {
  const { output } = train('r1-zero', 'post-training/r1-zero', 'seed=1');
  const own = { metrics: metricsOf(join(output, 'zero')) };
  const recipe = 'recipes/post-training/r1-zero.yaml';
  for (const [metric, name] of [
    ['accuracy', 'validation/reward/gsm8k'],
    ['answers in the format', 'validation/reward/format'],
    ['tokens an answer', 'validation/answer-tokens'],
  ]) {
    record({ algorithm: 'grpo', recipe, metric, before: first(own, name), after: last(own, name), seeds: 1 });
  }
  console.log(`  curves: ${join(output, 'zero/report.html')}`);
}
