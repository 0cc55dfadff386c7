import { describe, expect, it } from 'vitest';
import { philox, uniformAt } from './random.ts';

describe('philox', () => {
  // Known answers of Random123, the authors' library (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('answers %j under key %j', (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected);
  });
});

describe('uniformAt', () => {
  it('depends on seed, sample and position, each over its whole range', () => {
    const draws = [
      uniformAt(1, 0, 0),
      uniformAt(2, 0, 0),
      uniformAt(1, 1, 0),
      uniformAt(1, 0, 1),
      uniformAt(2 ** 40 + 1, 0, 0),
      uniformAt(Number.MAX_SAFE_INTEGER, 0, 0),
    ];
    expect(new Set(draws).size).toBe(draws.length);
    expect(uniformAt(1, 0, 0)).toBe(draws[0]);
  });

  it('is uniform over neighbouring samples and positions', () => {
    const buckets = new Array<number>(16).fill(0);
    const draws = 64_000;
    for (let i = 0; i < draws; i++) {
      const u = uniformAt(7, i % 250, Math.floor(i / 250));
      buckets[Math.floor(u * 16)]!++;
    }
    const expected = draws / 16;
    const chiSquared = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(37.7); // 15 degrees of freedom, p = 0.001
  });
});
