import { readRun, writeReport } from '../../../packages/eval/dist/index.js';
import { overSeeds, RUNS, record, SEEDS, train } from '../lib.mjs';

const METHODS = ['ppo', 'grpo', 'dr-grpo', 'dapo', 'gspo', 'rloo', 'reinforce++', 'remax'];
const METRIC = 'validation/reward';

/** Eight methods from the same model, three seeds each: held-out accuracy before and after, all curves in one report. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const runs = [];
  for (const algorithm of METHODS) {
    const recipe = `post-training/${algorithm}`;
    const own = SEEDS.map((seed) =>
      train(`${algorithm}-${seed}`, recipe, `model.path=${model}`, `seed=${seed}`),
    );
    record({
      algorithm,
      recipe: `recipes/${recipe}.yaml`,
      metric: 'accuracy',
      ...overSeeds(own, METRIC),
    });
    runs.push(...own.slice(0, 1).map(({ output }) => readRun(output, algorithm)));
  }
  const report = writeReport(RUNS, {
    title: 'Policy gradients',
    subtitle: 'Eight methods from the same model, on word problems that are only checked',
    runs,
  });
  console.log(`  curves: ${report}`);
}
