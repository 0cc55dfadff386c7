import { overSeeds, record, SEEDS, train } from '../lib.mjs';

const FOUND = ['held-out solutions found at once by their problems, of 500', 'validation/recall@1/left'];
// A head that says no to everything would have 0.667.
const JUDGED = ['held-out pairs judged right, two in three of them wrong ones', 'validation/accuracy'];
const METHODS = {
  infonce: [FOUND],
  clip: [FOUND],
  siglip: [FOUND],
  itc: [FOUND],
  itm: [JUDGED],
};

/**
 * A text encoder from nothing: word problems find their worked solutions by the similarity of embeddings. ITM goes on from
 * CLIP's.
 */
export async function run({ only = Object.keys(METHODS) }) {
  for (const [algorithm, metrics] of Object.entries(METHODS)) {
    if (!only.includes(algorithm)) continue;
    const recipe = `post-training/${algorithm}`;
    const runs = SEEDS.map((seed) =>
      train(`${algorithm}-${seed}`, recipe, `seed=${seed}`, ...(algorithm === 'itm' ? [trained(seed)] : [])),
    );
    for (const [metric, name] of metrics)
      record({ algorithm, recipe: `recipes/${recipe}.yaml`, metric, ...overSeeds(runs, name) });
  }
}

/** A matching head needs an encoder that tells texts apart: CLIP's of the same seed. */
const trained = (seed) => `model.path=${train(`clip-${seed}`, 'post-training/clip', `seed=${seed}`).model}`;
