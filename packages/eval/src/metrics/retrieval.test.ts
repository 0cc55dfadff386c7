import { describe, expect, test } from 'vitest';
import { meanReciprocalRank, ownRanks, recallAtK } from './retrieval.ts';

describe('retrieval', () => {
  const similarity = Float32Array.from([0.9, 0.1, 0.2, 0.8, 0.5, 0.7, 0.3, 0.3, 0.3]);

  test('ranks by hand', () => {
    expect(ownRanks(similarity, 3, 3)).toEqual([1, 3, 3]);
    // The first and the last passage are the same text: finding either is right.
    expect(ownRanks(similarity, 3, 3, ['a', 'b', 'a'])).toEqual([1, 3, 2]);
    expect(ownRanks(Float32Array.of(Number.NaN, Number.NaN), 1, 2)).toEqual([2]);
  });

  test('recall and reciprocal rank', () => {
    expect([1, 2, 3].map((k) => recallAtK([1, 3, 2, 3], k))).toEqual([0.25, 0.5, 1]);
    expect(meanReciprocalRank([1, 2, 4])).toBeCloseTo((1 + 0.5 + 0.25) / 3, 12);
  });

  test('refuses a matrix of another size', () => {
    expect(() => ownRanks(similarity, 3, 2)).toThrow('3 queries and 2 passages');
  });
});
