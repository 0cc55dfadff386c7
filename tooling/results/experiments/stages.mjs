import { join } from 'node:path';
import { first, last, metricsOf, record, train } from '../lib.mjs';

/** Recipes of several stages: accuracy after each. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const report = (name, stages) => {
    const words = [`tokenizer.path=${model}`, `stages.cold-start.model.path=${model}`, 'seed=1'];
    const { output } = train(name, `post-training/${name}`, ...words);
    for (const [stage, algorithm] of stages) {
      const own = { metrics: metricsOf(join(output, stage)) };
      record({
        algorithm,
        recipe: `recipes/post-training/${name}.yaml`,
        metric: `accuracy, stage ${stage}`,
        before: first(own, 'validation/reward'),
        after: last(own, 'validation/reward'),
        seeds: 1,
      });
    }
  };
  report('r1', [
    ['cold-start', 'sft'],
    ['reasoning', 'grpo'],
    ['rejection', 'sft'],
    ['all-round', 'grpo'],
  ]);
  report('thinking-fusion', [
    ['cold-start', 'sft'],
    ['reasoning', 'grpo'],
    ['fusion', 'sft'],
    ['both', 'grpo'],
  ]);
}
