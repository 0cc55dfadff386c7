import { last, record, train } from '../lib.mjs';

const VARIANTS = [
  'sigmoid',
  'hinge',
  'ipo',
  'exo-pair',
  'nca-pair',
  'robust',
  'bco-pair',
  'sppo-hard',
  'aot',
  'aot-unpaired',
  'apo-zero',
  'apo-down',
  'discopop',
  'sigmoid-norm',
];
/** Strength of the pull to the reference where the usual one does not suit 50 steps. */
const BETAS = { ipo: 0.3, discopop: 2 };
const METHODS = ['r-dpo', 'tdpo', 'mdpo', 'cpo', 'simpo', 'alphapo', 'orpo'];

/** Share of held-out pairs of a right and a wrong solution that a model ranks right, for every method that learns from pairs. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const from = [`model.path=${model}`, 'seed=1'];
  const entry = (algorithm, own, recipe, note) => ({
    algorithm,
    recipe: `recipes/post-training/${recipe}.yaml`,
    metric: note ? `preference accuracy, ${note}` : 'preference accuracy',
    after: last(own, 'validation/rewards/accuracy'),
    seeds: 1,
  });
  for (const variant of VARIANTS) {
    const own = train(
      `dpo-${variant}`,
      'post-training/dpo',
      ...from,
      `algorithm.variant=${variant}`,
      `algorithm.beta=${BETAS[variant] ?? 0.1}`,
    );
    record(entry('dpo', own, 'dpo', variant));
  }
  for (const method of METHODS) {
    const own = train(method, `post-training/${method}`, ...from);
    record(entry(method, own, method));
  }
}
