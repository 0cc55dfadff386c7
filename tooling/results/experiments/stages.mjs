import { join } from 'node:path';
import { metricsOf, overSeeds, record, SEEDS, train } from '../lib.mjs';

/** Recipes of several stages: accuracy before and after each. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const report = (name, stages) => {
    const runs = SEEDS.map((seed) =>
      train(
        `${name}-${seed}`,
        `post-training/${name}`,
        `tokenizer.path=${model}`,
        `stages.cold-start.model.path=${model}`,
        `seed=${seed}`,
      ),
    );
    for (const [stage, algorithm] of stages) {
      const own = runs.map(({ output }) => ({ metrics: metricsOf(join(output, stage)) }));
      record({
        algorithm,
        recipe: `recipes/post-training/${name}.yaml`,
        metric: `accuracy, stage ${stage}`,
        ...overSeeds(own, 'validation/reward'),
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
