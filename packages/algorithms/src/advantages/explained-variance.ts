import { flatten, sampleVariance } from './statistics.ts';

/**
 * Share of the returns' variance that the critic's values explain, `1 − Var(returns − values) / Var(returns)`:
 * 1 is a perfect critic, 0 one no better than a constant, below 0 a harmful one. 0 where returns do not vary.
 *
 * @param returns for each answer one per token
 * @param values for each answer one per token
 */
export function explainedVariance(
  returns: readonly ArrayLike<number>[],
  values: readonly ArrayLike<number>[],
): number {
  const wanted = flatten(returns);
  const said = flatten(values);
  const variance = sampleVariance(wanted);
  return variance === 0 ? 0 : 1 - sampleVariance(wanted.map((value, i) => value - said[i]!)) / variance;
}
