import { overSeeds, record, SEEDS, train } from '../lib.mjs';

const METRIC = 'validation/reward';

/**
 * KTO on judged answers and DPO on pairs, with all right solutions and with a fifth of them: as pairs that leaves a fifth
 * of the pairs. KTO has a fifth twice: with weights of 1, and with the right answers weighed so that both kinds weigh
 * the same, as its paper advises (section 4: λ_D n_D between 1 and 4/3 times λ_U n_U). Accuracy of sampled answers. The recipes'
 * learning rate is the best of four (1e-4 to 2e-3) for both, on all of the data and seeds that are not reported.
 */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const compare = (algorithm, name, metric, ...words) => {
    const recipe = `post-training/${algorithm}`;
    const runs = SEEDS.map((seed) =>
      train(`${algorithm}-${name}-${seed}`, recipe, `model.path=${model}`, `seed=${seed}`, ...words),
    );
    record({ algorithm, recipe: `recipes/${recipe}.yaml`, metric, ...overSeeds(runs, METRIC) });
  };
  const few = 'accuracy with a fifth of the desirable answers';
  compare('dpo', 'all', 'accuracy with all of the desirable answers');
  compare('dpo', 'a-fifth', few, 'data.train.count=300');
  compare('kto', 'all', 'accuracy with all of the desirable answers');
  compare('kto', 'a-fifth', few, 'data.train.desirable=0.2');
  compare(
    'kto',
    'a-fifth-weighed',
    `${few}, weighed`,
    'data.train.desirable=0.2',
    'algorithm.desirableWeight=5',
  );
}
