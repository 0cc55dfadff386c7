/** What an example of a duration costs: its seconds, and with `quadratic` also attention's growth with their square. */
export interface BatchCost {
  /**
   * Seconds at which the quadratic part equals the linear one: cost = d + d² / quadratic. 15 to 40 suits transformers.
   * Default: no quadratic part.
   */
  quadratic?: number;
}

/** The cost of one example of `seconds`, in seconds. */
export function costOf(seconds: number, { quadratic }: BatchCost = {}): number {
  return quadratic === undefined ? seconds : seconds + (seconds * seconds) / quadratic;
}

/** A distribution of durations: so many examples of at most so many milliseconds. Ascending. */
export interface DurationCounts {
  milliseconds: ArrayLike<number>;
  counts: ArrayLike<number>;
}

/**
 * Upper edges of `buckets` buckets that hold about the same total cost each, ascending, in milliseconds. The last is
 * the longest duration. Where durations cluster there may be fewer.
 */
export function bucketEdges(
  { milliseconds, counts }: DurationCounts,
  buckets: number,
  cost?: BatchCost,
): number[] {
  let total = 0;
  let last = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i]! * costOf(milliseconds[i]! / 1000, cost);
    if (counts[i]! > 0) last = milliseconds[i]!;
  }
  const edges: number[] = [];
  let sum = 0;
  for (let i = 0; i < counts.length && edges.length < buckets - 1; i++) {
    sum += counts[i]! * costOf(milliseconds[i]! / 1000, cost);
    const wanted = (total * (edges.length + 1)) / buckets;
    if (sum >= wanted && counts[i]! > 0 && milliseconds[i]! < last) {
      edges.push(milliseconds[i]!);
      // A single duration may span several shares.
      while (sum >= (total * (edges.length + 1)) / buckets && edges.length < buckets - 1)
        edges.push(milliseconds[i]!);
    }
  }
  return [...new Set([...edges, last])];
}

/** Counts durations in bins of `binMs` (rounded up). */
export function countDurations(milliseconds: ArrayLike<number>, binMs = 20): DurationCounts {
  let longest = 0;
  for (let i = 0; i < milliseconds.length; i++) longest = Math.max(longest, milliseconds[i]!);
  const counts = new Float64Array(Math.ceil(longest / binMs));
  for (let i = 0; i < milliseconds.length; i++) counts[Math.ceil(milliseconds[i]! / binMs) - 1]!++;
  return { milliseconds: Float64Array.from(counts, (_, i) => (i + 1) * binMs), counts };
}

/** The bucket that a duration belongs to: the first whose edge is not below it. */
export function bucketOf(milliseconds: number, edges: readonly number[]): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (milliseconds <= edges[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
