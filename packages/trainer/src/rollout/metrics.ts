import { mean } from '../loop/means.ts';
import { isFlat, type ScoredGroup } from './answers.ts';

/** Rewards of a rollout: their mean, spread, parts, and how many answers could not be scored. */
export function rewardMetrics(groups: readonly ScoredGroup[]): Record<string, number> {
  const scored = groups.flatMap(({ rewards, failed }) => rewards.filter((_, i) => !failed.includes(i)));
  const failures = groups.reduce((sum, { failed }) => sum + failed.length, 0);
  const metrics: Record<string, number> = {
    // A mean of nothing is no number.
    ...(scored.length > 0 && meanAndSpread(scored)),
    // Groups whose answers all score alike teach nothing.
    'reward/flat-groups': mean(groups.map((group) => (isFlat(group) ? 1 : 0))),
  };
  if (failures > 0) metrics['reward/failed'] = failures;
  for (const name of Object.keys(groups[0]?.parts ?? {})) {
    const values = groups.flatMap(({ parts, failed }) => parts[name]!.filter((_, i) => !failed.includes(i)));
    if (values.length > 0) metrics[`reward/${name}`] = mean(values);
  }
  return metrics;
}

/** Lengths of answers, how many were cut, and an estimate of the policy's entropy from its own draws. */
export function answerMetrics(groups: readonly ScoredGroup[]): Record<string, number> {
  const answers = groups.flatMap((group) => group.answers);
  const drawn = answers.flatMap(({ logProbs, own }) => logProbs.filter((_, i) => own[i] === 1));
  return {
    'answer-tokens': mean(answers.map(({ own }) => own.reduce((sum, mine) => sum + mine, 0))),
    'answers-cut': mean(answers.map(({ finished }) => (finished ? 0 : 1))),
    entropy: -mean(drawn),
  };
}

/** Mean and standard deviation of rewards, under the names that they are logged by. */
export function meanAndSpread(rewards: readonly number[]): { reward: number; 'reward/std': number } {
  const reward = mean(rewards);
  return { reward, 'reward/std': Math.sqrt(mean(rewards.map((value) => (value - reward) ** 2))) };
}
