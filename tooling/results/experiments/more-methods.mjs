import { overSeeds, record, SEEDS, train } from '../lib.mjs';

const SAMPLED = ['accuracy', 'validation/reward'];
const RIGHT = ['held-out answers judged right', 'validation/accuracy'];
const METHODS = {
  dft: SAMPLED,
  'iterative-dpo': SAMPLED,
  'self-rewarding': SAMPLED,
  'online-dpo': SAMPLED,
  xpo: SAMPLED,
  dno: SAMPLED,
  sppo: SAMPLED,
  'nash-md': SAMPLED,
  upo: SAMPLED,
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
  d2o: SAMPLED,
  lipo: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  rrhf: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  pro: ['pairs of a held-out list ranked right', 'validation/accuracy'],
  'listwise-reward-model': ['pairs of a held-out list ranked right', 'validation/accuracy'],
  'ordinal-reward-model': ['held-out pairs ranked right', 'validation/rewards/accuracy'],
  'outcome-reward-model': RIGHT,
  'implicit-prm': RIGHT,
  'process-reward-model': ['held-out steps judged right', 'validation/accuracy'],
  'process-advantage': ['squared error of the advantages of held-out steps', 'validation/advantage-error'],
};

/** Against a reference that is the policy itself everything ties at first. */
const TIED = ['lipo', 'implicit-prm'];

const NOTES = { 'self-rewarding': "the rule as judge: a model this small cannot follow a judge's prompt" };

/** What the methods give that no other experiment compares, from the same model. */
export async function run({ only = Object.keys(METHODS) }) {
  const { model } = train('sft', 'post-training/sft');
  for (const [algorithm, [metric, name]] of Object.entries(METHODS)) {
    if (!only.includes(algorithm)) continue;
    const recipe = `post-training/${algorithm}`;
    const runs = SEEDS.map((seed) =>
      train(`${algorithm}-${seed}`, recipe, `model.path=${model}`, `seed=${seed}`),
    );
    record({
      algorithm,
      recipe: `recipes/${recipe}.yaml`,
      metric,
      ...overSeeds(runs, name, { before: !TIED.includes(algorithm) }),
      ...(NOTES[algorithm] && { note: NOTES[algorithm] }),
    });
  }
}
