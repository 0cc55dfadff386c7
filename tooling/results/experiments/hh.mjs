import { first, last, record, train } from '../lib.mjs';

export const needsData = true;

/** HH-RLHF: a reward model on nine tenths, then DPO, and PPO against that reward model. */
export async function run({ data }) {
  const from = `data.train.path=${data}/preference/hh_rlhf_harmless_base_test.jsonl.gz`;
  const sft = train('hh-sft', 'post-training/sft-hh', from, 'seed=1');
  const begin = [from, `model.path=${sft.model}`, 'seed=1'];
  const reward = train('hh-reward', 'post-training/reward-model-hh', ...begin);
  record({
    algorithm: 'reward-model',
    recipe: 'recipes/post-training/reward-model-hh.yaml',
    metric: 'accuracy on the held-out tenth',
    before: first(reward, 'validation/rewards/accuracy'),
    after: last(reward, 'validation/rewards/accuracy'),
    seeds: 1,
  });
  const dpo = train('hh-dpo', 'post-training/dpo-hh', ...begin);
  const ppo = train('hh-ppo', 'post-training/ppo-hh', ...begin, `rewards.0.path=${reward.model}`);
  record(
    {
      algorithm: 'dpo',
      recipe: 'recipes/post-training/dpo-hh.yaml',
      metric: 'accuracy on the held-out tenth',
      after: last(dpo, 'validation/rewards/accuracy'),
      seeds: 1,
    },
    {
      algorithm: 'ppo',
      recipe: 'recipes/post-training/ppo-hh.yaml',
      metric: "the reward model's score of held-out answers",
      before: first(ppo, 'validation/reward'),
      after: last(ppo, 'validation/reward'),
      seeds: 1,
    },
  );
}
