import type { Rollout } from '../rollout.ts';
import { checkRollout } from './check-rollout.ts';
import { byGroup, isFlat } from './group.ts';
import { total } from './statistics.ts';

/**
 * Advantages whose baseline is the mean reward of the *other* answers to the same prompt (RLOO, arXiv 2402.14740): `rᵢ − Σ_{j≠i} rⱼ / (k − 1)`. An unbiased baseline, as it does not depend on the answer itself.
 *
 * @returns one advantage per answer; exactly 0 where all answers to a prompt are worth the same
 * @throws when `groupSize` is below 2, does not divide the number of rewards, or a reward is not finite
 */
export function leaveOneOutAdvantages({
  rewards,
  groupSize,
}: Pick<Rollout, 'rewards' | 'groupSize'>): Float32Array {
  checkRollout({ rewards, groupSize }, 'a leave-one-out advantage', 2);
  return byGroup({ rewards, groupSize }, (group) => {
    const sum = total(group);
    const flat = isFlat(group);
    return group.map((reward) => (flat ? 0 : reward - (sum - reward) / (groupSize - 1)));
  });
}
