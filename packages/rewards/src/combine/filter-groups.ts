/** Which groups of scores are worth training on. */
export interface GroupFilterOptions {
  /** A score from here on counts as right. Default 1. */
  right?: number;
  /** Drop groups whose scores are all right: nothing is left to learn. Default true. */
  allRight?: boolean;
  /** Drop groups without a right score: the problem is too hard by now. Default true. */
  allWrong?: boolean;
  /** Drop groups whose standard deviation is at most this. Default 0: those whose scores are all the same. */
  minDeviation?: number;
}

/** What the filter found. */
export interface GroupFilterResult {
  /** Numbers of the groups to keep, ascending. */
  kept: number[];
  /** How many were dropped for which reason; a group counts once, for the first that applies. */
  dropped: { failed: number; allRight: number; allWrong: number; flat: number };
}

/**
 * Filters the groups of answers to one prompt each: all right, all wrong, or nearly the same score, which give no
 * advantage to learn from (dynamic sampling, DAPO, arXiv 2503.14476 section 3.2). Scores that failed are left out; a group
 * with fewer than two scores is dropped.
 *
 * @param scores of group after group
 * @param groupSize answers per prompt
 * @param scored 0 where scoring failed, as `combine` gives it. Default: all 1
 * @throws when the scores are not whole groups or not finite
 */
export function filterGroups(
  scores: ArrayLike<number>,
  groupSize: number,
  options: GroupFilterOptions = {},
  scored?: ArrayLike<number>,
): GroupFilterResult {
  const { right = 1, allRight = true, allWrong = true, minDeviation = 0 } = options;
  if (!Number.isInteger(groupSize) || groupSize < 2)
    throw new Error(`filterGroups: a group needs at least 2 answers, found ${groupSize}`);
  if (scores.length % groupSize)
    throw new Error(`filterGroups: ${scores.length} scores are no whole number of groups of ${groupSize}`);
  const dropped = { failed: 0, allRight: 0, allWrong: 0, flat: 0 };
  const kept: number[] = [];
  for (let group = 0; group < scores.length / groupSize; group++) {
    const places = Array.from({ length: groupSize }, (_, i) => group * groupSize + i);
    const own = places.filter((i) => !scored || scored[i]).map((i) => scores[i]!);
    const bad = own.find((score) => !Number.isFinite(score));
    if (bad !== undefined)
      throw new Error(`filterGroups: scores must be finite, found ${bad} in group ${group}`);
    if (own.length < 2) dropped.failed++;
    else if (allRight && own.every((score) => score >= right)) dropped.allRight++;
    else if (allWrong && own.every((score) => score < right)) dropped.allWrong++;
    else if (deviation(own) <= minDeviation) dropped.flat++;
    else kept.push(group);
  }
  return { kept, dropped };
}

function deviation(values: readonly number[]): number {
  // The mean of equal numbers may differ from them by rounding.
  if (values.every((value) => value === values[0])) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
