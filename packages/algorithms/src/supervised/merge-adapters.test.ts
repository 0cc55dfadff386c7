import { describe, expect, test } from 'vitest';
import { expectClose, fixture } from '../fixtures/read.ts';
import { concatenateLora, mergeDeltas } from './merge-adapters.ts';

const { deltas, merges } = fixture<{
  deltas: number[][];
  merges: { weights: number[]; density: number; linear: number[]; ties: number[] }[];
}>('merge-adapters');
const named = deltas.map((delta) => ({ w: Float32Array.from(delta) }));

describe('merging equals PEFT', () => {
  test.each(merges)('weights $weights, density $density', ({ weights, density, ...expected }) => {
    for (const method of ['linear', 'ties'] as const) {
      const merged = mergeDeltas(named.slice(0, weights.length), { method, weights, density });
      expectClose(merged.w!, expected[method], method);
    }
  });
});

test('a parameter that only one training changed keeps its change', () => {
  const merged = mergeDeltas([{ a: Float32Array.of(1, -2) }, { b: Float32Array.of(3) }], { density: 1 });
  expect(merged).toEqual({ a: Float32Array.of(1, -2), b: Float32Array.of(3) });
});

test('what cannot be merged is refused by name', () => {
  expect(() => mergeDeltas([])).toThrow('nothing to merge');
  expect(() => mergeDeltas(named, { weights: [1] })).toThrow('3 changes need as many weights, found 1');
  expect(() => mergeDeltas(named, { density: 0 })).toThrow('density must be above 0 and at most 1, found 0');
  expect(() => mergeDeltas([{ w: new Float32Array(2) }, { w: new Float32Array(3) }])).toThrow(
    'w has 2 values in one change and 3 in another',
  );
});

test('concatenated LoRA adapters change the weight by the sum of their changes', () => {
  const change = ({ a, b, rank, scale }: Parameters<typeof concatenateLora>[0][number]) =>
    Array.from({ length: 2 * 3 }, (_, at) => {
      const [row, column] = [Math.floor(at / 3), at % 3];
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += b[row * rank + r]! * a[r * 3 + column]!;
      return scale * sum;
    });
  const one = { a: Float32Array.of(1, 2, -1), b: Float32Array.of(0.5, -2), rank: 1, scale: 2 };
  const two = {
    a: Float32Array.of(0.1, 0.2, 0.3, -1, 0, 1),
    b: Float32Array.of(1, 2, 3, 4),
    rank: 2,
    scale: 0.5,
  };
  const merged = concatenateLora([one, two], [1, 3]);
  const [first, second] = [change(one), change(two)];
  expect(merged.rank).toBe(3);
  expectClose(
    change(merged),
    first.map((value, i) => value + 3 * second[i]!),
    'change',
  );
  const other = { ...one, a: Float32Array.of(1, 2) };
  expect(() => concatenateLora([one, other])).toThrow('adapter 1 is of a weight [2, 2], the first of [2, 3]');
});
