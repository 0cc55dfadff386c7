import type { Rollout } from '../rollout.ts';

/**
 * Refuses what would become NaN or nonsense.
 * @param method named in messages
 * @param leastGroup answers a prompt that the method needs
 * @throws naming the number that is wrong and the one wanted
 */
export function checkRollout(
  { rewards, groupSize }: Pick<Rollout, 'rewards' | 'groupSize'>,
  method: string,
  leastGroup = 1,
): void {
  if (groupSize < leastGroup)
    throw new Error(
      `${method} compares the answers to a prompt: it needs groupSize >= ${leastGroup} answers a prompt, found ${groupSize}`,
    );
  if (rewards.length % groupSize !== 0)
    throw new Error(
      `${method}: ${rewards.length} rewards do not divide into groups of groupSize ${groupSize}`,
    );
  const bad = rewards.findIndex((reward) => !Number.isFinite(reward));
  if (bad >= 0) throw new Error(`${method}: reward ${bad} must be finite, found ${rewards[bad]}`);
}

/** @throws when a part of the rollout that a method needs is missing */
export function requirePart<K extends keyof Rollout>(
  rollout: Rollout,
  part: K,
  method: string,
): NonNullable<Rollout[K]> {
  const value = rollout[part];
  if (value === undefined) throw new Error(`${method} needs ${part}, which the rollout lacks`);
  return value as NonNullable<Rollout[K]>;
}
