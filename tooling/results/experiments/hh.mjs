import { overSeeds, record, SEEDS, train } from '../lib.mjs';

export const needsData = true;

const ACCURACY = 'validation/rewards/accuracy';

/** HH-RLHF: a reward model on nine tenths, then DPO, and PPO against that reward model. */
export async function run({ data }) {
  const from = `data.train.path=${data}/preference/hh_rlhf_harmless_base_test.jsonl.gz`;
  const runs = SEEDS.map((seed) => {
    const own = [from, `seed=${seed}`];
    const sft = train(`hh-sft-${seed}`, 'post-training/sft-hh', ...own);
    const begin = [...own, `model.path=${sft.model}`];
    const reward = train(`hh-reward-${seed}`, 'post-training/reward-model-hh', ...begin);
    return {
      reward,
      dpo: train(`hh-dpo-${seed}`, 'post-training/dpo-hh', ...begin),
      ppo: train(`hh-ppo-${seed}`, 'post-training/ppo-hh', ...begin, `rewards.0.path=${reward.model}`),
    };
  });
  const of = (name) => runs.map((run) => run[name]);
  record(
    {
      algorithm: 'reward-model',
      recipe: 'recipes/post-training/reward-model-hh.yaml',
      metric: 'accuracy on the held-out tenth',
      ...overSeeds(of('reward'), ACCURACY),
    },
    {
      algorithm: 'dpo',
      recipe: 'recipes/post-training/dpo-hh.yaml',
      metric: 'accuracy on the held-out tenth',
      ...overSeeds(of('dpo'), ACCURACY, { before: false }),
    },
    {
      algorithm: 'ppo',
      recipe: 'recipes/post-training/ppo-hh.yaml',
      metric: "the reward model's score of held-out answers",
      ...overSeeds(of('ppo'), 'validation/reward'),
    },
  );
}
