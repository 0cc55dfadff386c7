import { concat, slice, type Tensor, type Tensor3D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, useTestBackend } from '../test/backend.ts';
import { FAMILIES, loadFixture, maxDifference } from '../test/fixtures.ts';
import type { CausalLM } from './causal-lm.ts';

const A = [5, 17, 3, 88, 41, 2, 60];
const B = [9, 33, 21, 70];

const ids = (...rows: number[][]) => tensor2d(rows, [rows.length, rows[0]!.length], 'int32');
/** Logits of one token sequence alone. */
const alone = (model: CausalLM, tokens: number[]) => model.logits({ inputIds: ids(tokens) });
/** `[1, length, ...]` of a row. */
const part = (x: Tensor, row: number, start: number, length: number) =>
  slice(x as Tensor3D, [row, start, 0], [1, length, -1]);
const pad = (tokens: number[], filler: number, length = 10) => [
  ...tokens,
  ...Array(length - tokens.length).fill(filler),
];

const cases = BACKENDS.flatMap((backend) => FAMILIES.map((family) => [family, backend] as const));

describe.each(cases)('%s on %s', (family, backend) => {
  beforeAll(() => useTestBackend(backend));

  it('gives a sequence the same logits whatever pads it and whatever shares its batch', () => {
    const model = loadFixture(family);
    for (const filler of [0, 50]) {
      const logits = model.logits({ inputIds: ids(pad(A, filler), pad(B, filler)) });
      expect(maxDifference(part(logits, 0, 0, A.length), alone(model, A))).toBeLessThan(1e-5);
      expect(maxDifference(part(logits, 1, 0, B.length), alone(model, B))).toBeLessThan(1e-5);
    }
  });

  it('does not look ahead: a later token changes no earlier logits, but its own', () => {
    const model = loadFixture(family);
    const [before, after] = [alone(model, A), alone(model, [...A.slice(0, 4), 77, ...A.slice(5)])];
    expect(maxDifference(part(before, 0, 0, 4), part(after, 0, 0, 4))).toBe(0);
    expect(maxDifference(part(before, 0, 4, 3), part(after, 0, 4, 3))).toBeGreaterThan(0.01);
  });

  it('gives packed sequences the logits and log-probabilities they have apart', () => {
    const model = loadFixture(family);
    const inputIds = ids(pad([...A, ...B], 0, 13));
    const segmentIds = ids(pad([...A.map(() => 1), ...B.map(() => 2)], 0, 13));
    const logits = model.logits({ inputIds, segmentIds });
    expect(maxDifference(part(logits, 0, 0, 7), alone(model, A))).toBeLessThan(1e-5);
    expect(maxDifference(part(logits, 0, 7, 4), alone(model, B))).toBeLessThan(1e-5);
    // Positions of the caller's own, here running on over both, change nothing: only distances count.
    const positions = ids(Array.from({ length: 13 }, (_, i) => i));
    expect(maxDifference(model.logits({ inputIds, segmentIds, positions }), logits)).toBeLessThan(1e-4);

    const labels = ids(pad([...A.slice(1), -100, ...B.slice(1), -100], -100, 13));
    const packed = model.logProbs({ inputIds, segmentIds }, labels).dataSync();
    const apart = model.logProbs({ inputIds: ids(B) }, ids([...B.slice(1), -100])).dataSync();
    expect(maxDifference(packed.slice(7, 11), apart)).toBeLessThan(1e-5);
    for (const t of [6, 10, 11, 12]) expect(Math.abs(packed[t]!)).toBe(0);
  });

  it('computes the last logits alone when asked to', () => {
    const model = loadFixture(family);
    const last = model.logits({ inputIds: ids(A) }, { keep: 2 });
    expect(last.shape).toEqual([1, 2, 97]);
    expect(maxDifference(last, part(alone(model, A), 0, 5, 2))).toBeLessThan(1e-6);
    expect(() => model.logits({ inputIds: ids(A) }, { keep: 8 })).toThrow(
      'logits: keep must be a whole number from 1 to 7 (the sequence length), found 8',
    );
  });

  it('decodes with a cache as it does without: padded prompts of different lengths, then token by token', () => {
    const model = loadFixture(family);
    const [promptA, promptB] = [A.slice(0, 4), B.slice(0, 2)];
    let { hidden, cache } = model.step({
      inputIds: ids(promptA, pad(promptB, 0, 4)),
      counts: tensor1d([4, 2], 'int32'),
      cache: model.createCache(2, 12),
    });
    const logits = model.project(hidden);
    const rows: Tensor[][] = [[part(logits, 0, 0, 4)], [part(logits, 1, 0, 2)]];
    for (let i = 0; i < 2; i++) {
      ({ hidden, cache } = model.step({ inputIds: ids([A[4 + i]!], [B[2 + i]!]), cache }));
      const next = model.project(hidden);
      rows.forEach((row, r) => {
        row.push(part(next, r, 0, 1));
      });
    }
    expect([...cache.lengths.dataSync()]).toEqual([6, 4]);
    expect(maxDifference(concat(rows[0]!, 1), alone(model, A.slice(0, 6)))).toBeLessThan(1e-5);
    expect(maxDifference(concat(rows[1]!, 1), alone(model, B))).toBeLessThan(1e-5);
  });
});
