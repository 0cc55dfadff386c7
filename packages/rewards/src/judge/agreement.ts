import { RewardError } from '../failure.ts';
import type { Reward } from '../reward.ts';

/**
 * Two judges who must agree: the mean of their scores, or, when these lie further apart, a failure (`disagreement`) that
 * is counted and not learnt from.
 *
 * @param tolerance largest difference that counts as agreement. Default 0.25
 */
export function agreeingJudges(first: Reward, second: Reward, { tolerance = 0.25 } = {}): Reward {
  return async (completion, row, info) => {
    const [a, b] = await Promise.all([first(completion, row, info), second(completion, row, info)]);
    if (Math.abs(a - b) <= tolerance) return (a + b) / 2;
    throw new RewardError('disagreement', `two judges gave ${a} and ${b}, further apart than ${tolerance}`);
  };
}

/** How far two judges agree on the same items. */
export interface Agreement {
  /** Share of equal verdicts. */
  rate: number;
  /** Cohen's kappa: the share beyond what chance gives, 1 for full agreement; NaN when both only ever say one thing. */
  kappa: number;
}

/** Agreement of two lists of verdicts. @throws when they are empty or of different lengths */
export function agreement(first: readonly unknown[], second: readonly unknown[]): Agreement {
  if (first.length === 0 || first.length !== second.length)
    throw new Error(`agreement: needs two lists of equal length, found ${first.length} and ${second.length}`);
  const n = first.length;
  const rate = first.filter((verdict, i) => verdict === second[i]).length / n;
  const share = (list: readonly unknown[], verdict: unknown) =>
    list.filter((each) => each === verdict).length / n;
  const chance = [...new Set(first)].reduce((sum: number, v) => sum + share(first, v) * share(second, v), 0);
  return { rate, kappa: (rate - chance) / (1 - chance) };
}
