import { compareCodePoints } from '../text/code-points.ts';

/** The order of two equally frequent pairs: below 0 where the first comes first, 0 where it does not say. */
export type PairOrder = (left: number, right: number, otherLeft: number, otherRight: number) => number;

/** The pair of smaller ids first. */
export const byIds: PairOrder = (left, right, otherLeft, otherRight) =>
  left - otherLeft || right - otherRight;

/**
 * The pair whose joined text has fewer characters first, then that whose text comes first by code points.
 * @param texts of each symbol; they may become more
 */
export function byTexts(texts: readonly string[]): PairOrder {
  const sizes: number[] = []; // in characters
  const sizeOf = (symbol: number) => {
    sizes[symbol] ??= [...texts[symbol]!].length;
    return sizes[symbol]!;
  };
  return (a, b, c, d) => {
    const difference = sizeOf(a) + sizeOf(b) - sizeOf(c) - sizeOf(d);
    if (difference !== 0) return difference;
    // Most texts differ in their first unit already.
    const first = texts[a]!.charCodeAt(0) - texts[c]!.charCodeAt(0);
    if (first !== 0 && texts[a]! < '\ud800' && texts[c]! < '\ud800') return first;
    return compareCodePoints(texts[a]! + texts[b]!, texts[c]! + texts[d]!);
  };
}
