import { ones, scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { adapterDropout, dropoutNumbers } from './adapter-dropout.ts';

beforeAll(() => useTestBackend());

const [INPUTS, TOKENS, WIDTH, RATE] = [3, 400, 64, 0.2];

/** Per input, 1 where an element was dropped: `TOKENS` rows of `WIDTH`. */
function dropped(seed: number): number[][][] {
  const numbers = dropoutNumbers(scalar(seed, 'int32'), INPUTS, TOKENS, WIDTH);
  return Array.from({ length: INPUTS }, (_, input) => {
    const x = adapterDropout(ones([2, TOKENS / 2, WIDTH]), RATE, numbers, input).dataSync<'float32'>();
    expect(new Set(x)).toEqual(new Set([0, Math.fround(1 / (1 - RATE))]));
    return Array.from({ length: TOKENS }, (_, t) =>
      [...x.subarray(t * WIDTH, (t + 1) * WIDTH)].map((value) => (value === 0 ? 1 : 0)),
    );
  });
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
/** How often two equally long lists both drop. */
const together = (a: number[], b: number[]) => mean(a.map((value, i) => value * b[i]!));

describe('adapterDropout', () => {
  it('drops at the rate, in every column and on the whole', () => {
    const [rows] = dropped(1) as [number[][]];
    expect(mean(rows.flat())).toBeCloseTo(RATE, 1);
    for (let column = 0; column < WIDTH; column++)
      // 5 standard deviations of a mean of 400, widened because only 128 + 128 numbers stand behind a column.
      expect(Math.abs(mean(rows.map((row) => row[column]!)) - RATE)).toBeLessThan(0.15);
  });

  it('decides independently for columns, tokens, inputs and seeds', () => {
    const [a, b] = dropped(1) as [number[][], number[][]];
    const [other] = dropped(2) as [number[][]];
    const shifted = (rows: number[][]) => rows.map((row) => [...row.slice(1), row[0]!]);
    const pairs = [
      together(a.flat(), shifted(a).flat()), // neighbouring columns
      together(a.flat(), [...a.slice(1), a[0]!].flat()), // neighbouring tokens
      together(a.flat(), b.flat()),
      together(a.flat(), other.flat()),
    ];
    for (const both of pairs) expect(Math.abs(both - RATE ** 2)).toBeLessThan(0.012);
  });

  it('is a function of the seed', () => {
    const bits = (seed: number) => dropped(seed).flat(2).join('');
    expect(bits(5)).toBe(bits(5));
    expect(bits(5)).not.toBe(bits(6));
  });
});
