import { overSeeds, record, train } from '../lib.mjs';

const SAMPLED = ['accuracy', 'validation/reward'];
const RIGHT = ['held-out answers judged right', 'validation/accuracy'];
const METHODS = {
  'iterative-dpo': SAMPLED,
  'online-dpo': SAMPLED,
  xpo: SAMPLED,
  dno: SAMPLED,
  sppo: SAMPLED,
  'nash-md': SAMPLED,
  reinforce: SAMPLED,
  'reinforce++-baseline': SAMPLED,
  bnpo: SAMPLED,
  cispo: SAMPLED,
  gmpo: SAMPLED,
  sapo: SAMPLED,
  'apo-zero-unpaired': SAMPLED,
  bco: SAMPLED,
  dro: SAMPLED,
  npo: SAMPLED,
  cringe: SAMPLED,
  lipo: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  rrhf: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  pro: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  'listwise-reward-model': ['pairs of a held-out list ranked right', 'validation/accuracy'],
  'outcome-reward-model': RIGHT,
  'implicit-prm': RIGHT,
  'process-reward-model': ['held-out steps judged right', 'validation/accuracy'],
};

/** Against a reference that is the policy itself everything ties at first. */
const TIED = ['lipo', 'implicit-prm'];

/** What the methods give that no other experiment compares, from the same model: one seed each. */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  for (const [algorithm, [metric, name]] of Object.entries(METHODS)) {
    const recipe = `post-training/${algorithm}`;
    const own = train(`${algorithm}-1`, recipe, `model.path=${model}`, 'seed=1');
    record({
      algorithm,
      recipe: `recipes/${recipe}.yaml`,
      metric,
      ...overSeeds([own], name, { before: !TIED.includes(algorithm) }),
    });
  }
}
