import { first, last, mean, record, train } from '../lib.mjs';

const SEEDS = [1, 2, 3];
const METRIC = 'validation/reward';

/**
 * KTO on judged answers and DPO on pairs, with all right solutions and with a fifth of them: as pairs that leaves a fifth
 * of the pairs. Accuracy of sampled answers.
 */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  for (const [algorithm, few] of [
    ['kto', 'data.train.desirable=0.2'],
    ['dpo', 'data.train.count=300'],
  ]) {
    const recipe = `post-training/${algorithm}`;
    for (const [what, words] of [
      ['all', []],
      ['a fifth', [few]],
    ]) {
      const own = SEEDS.map((seed) =>
        train(
          `${algorithm}-${what.replace(' ', '-')}-${seed}`,
          recipe,
          `model.path=${model}`,
          `seed=${seed}`,
          ...words,
        ),
      );
      record({
        algorithm,
        recipe: `recipes/${recipe}.yaml`,
        metric: `accuracy with ${what} of the desirable answers`,
        before: mean(own.map((one) => first(one, METRIC))),
        after: mean(own.map((one) => last(one, METRIC))),
        seeds: SEEDS.length,
        each: own.map((one) => last(one, METRIC)),
      });
    }
  }
}
