import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import * as ops from './index.ts';
import { compareGradients, numbers } from './testing.ts';

beforeAll(() => tf.setBackend('cpu'));

const t4 = (shape: number[], seed: number) => numbers(shape, seed) as tf.Tensor4D;
const labels = tf.tensor1d([2, -100, 0, 4], 'int32');
const cases: Record<string, [(...xs: tf.Tensor[]) => tf.Tensor, tf.Tensor[]]> = {
  linear: [(x, w, b) => ops.linear(x, w!, b), [numbers([2, 3, 4]), numbers([5, 4], 2), numbers([5], 3)]],
  embedding: [
    (w) =>
      ops.embedding(
        tf.tensor2d(
          [
            [1, 0],
            [1, 2],
          ],
          [2, 2],
          'int32',
        ),
        w!,
      ),
    [numbers([3, 4])],
  ],
  rmsNorm: [(x, w) => ops.rmsNorm(x!, w!), [numbers([2, 3, 4]), numbers([4], 2)]],
  layerNorm: [(x, w, b) => ops.layerNorm(x!, w!, b), [numbers([2, 4]), numbers([4], 2), numbers([4], 3)]],
  rotary: [
    (x) => ops.rotary(x as tf.Tensor4D, numbers([1, 3, 2], 8), numbers([1, 3, 2], 9)),
    [numbers([2, 2, 3, 4])],
  ],
  attention: [
    (q, k, v) => ops.attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { causal: true }),
    [t4([2, 4, 3, 2], 1), t4([2, 2, 5, 2], 2), t4([2, 2, 5, 2], 3)],
  ],
  swiglu: [(a, b) => ops.swiglu(a!, b!), [numbers([3, 4]), numbers([3, 4], 2)]],
  geglu: [(a, b) => ops.geglu(a!, b!), [numbers([3, 4]), numbers([3, 4], 2)]],
  gegluTanh: [(a, b) => ops.geglu(a!, b!, 'tanh'), [numbers([3, 4]), numbers([3, 4], 2)]],
  crossEntropy: [(x) => ops.crossEntropy(x!, labels, { labelSmoothing: 0.1 }), [numbers([4, 5])]],
  linearCrossEntropy: [
    (h, w) => ops.linearCrossEntropy(h!, w!, labels, { chunk: 3, labelSmoothing: 0.1 }),
    [numbers([4, 3]), numbers([5, 3], 2)],
  ],
  dropout: [(x) => ops.dropout(x!, 0.5, tf.scalar(3, 'int32')), [numbers([4, 5])]],
  checkpoint: [
    ops.checkpoint((x: tf.Tensor, w: tf.Tensor) =>
      tf.tanh(tf.matMul(tf.sin(x) as tf.Tensor2D, w as tf.Tensor2D)),
    ) as never,
    [numbers([2, 3]), numbers([3, 2], 2)],
  ],
};

describe('gradients equal central differences', () => {
  for (const [name, [f, xs]] of Object.entries(cases)) {
    it(name, () => {
      const { analytic, numeric } = compareGradients(f, xs);
      analytic.forEach((gradient, i) => {
        const worst = Math.max(...gradient.map((value, j) => Math.abs(value - numeric[i]![j]!)));
        expect(worst).toBeLessThan(5e-3);
      });
    });
  }
});

describe('cachedAttention', () => {
  it('equals attention over everything so far, for rows of different lengths', () => {
    const lengths = tf.tensor1d([3, 1], 'int32');
    const [q, k, v] = [t4([2, 4, 2, 4], 1), t4([2, 2, 2, 4], 2), t4([2, 2, 2, 4], 3)];
    const [keys, values] = [t4([2, 2, 6, 4], 4), t4([2, 2, 6, 4], 5)];
    const [out, newKeys] = ops.cachedAttention(q, k, v, keys, values, lengths);
    [3, 1].forEach((length, row) => {
      const own = (x: tf.Tensor4D) => tf.slice(x, [row, 0, 0, 0], [1, -1, -1, -1]);
      const upTo = (x: tf.Tensor4D) => tf.slice(own(x), [0, 0, 0, 0], [1, -1, length, -1]);
      const all = (cache: tf.Tensor4D, fresh: tf.Tensor4D) => tf.concat([upTo(cache), own(fresh)], 2);
      const expected = ops.attention(own(q), all(keys, k), all(values, v), { causal: true });
      expectClose(own(out), expected);
      expectClose(tf.slice(own(newKeys), [0, 0, 0, 0], [1, -1, length + 2, -1]), all(keys, k), 0);
    });
    expectClose(tf.slice(newKeys, [0, 0, 5, 0]), tf.slice(keys, [0, 0, 5, 0]), 0);
  });
});

describe('attention', () => {
  it('gives zeros, in value and gradient, to a query that may attend to nothing', () => {
    const mask = tf.tensor2d(
      [
        [true, false],
        [false, false],
      ],
      [2, 2],
      'bool',
    );
    const [q, k, v] = [t4([1, 1, 2, 3], 1), t4([1, 1, 2, 3], 2), t4([1, 1, 2, 3], 3)];
    const f = (...[a, b, c]: tf.Tensor[]) =>
      ops.attention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, { mask });
    expectClose(tf.slice(f(q, k, v), [0, 0, 1, 0]), tf.zeros([1, 1, 1, 3]), 0);
    const [dq] = tf.grads(f)([q, k, v]);
    expectClose(tf.slice(dq!, [0, 0, 1, 0]), tf.zeros([1, 1, 1, 3]), 0);
  });
});

describe('randomUniform', () => {
  const draw = (shape: number[], seed: number) =>
    ops.randomUniform(shape, tf.scalar(seed, 'int32')).dataSync() as Float32Array;

  it('is flat, also in its low bits, and uncorrelated along rows, columns and seeds', () => {
    const [rows, columns] = [256, 256];
    for (const seed of [0, 1, -1, 2 ** 31 - 1]) {
      const u = draw([rows, columns], seed);
      for (const scale of [16, 4096, 2 ** 20]) {
        const bins = new Float64Array(16);
        for (const x of u) bins[Math.floor(x * scale) % 16]!++;
        const expected = u.length / 16;
        const chi2 = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        expect(chi2).toBeLessThan(45); // 15 degrees of freedom: p < 1e-4 above
      }
      const next = draw([rows, columns], seed === 2 ** 31 - 1 ? 7 : seed + 1);
      expect(Math.abs(correlation(u.slice(1), u.slice(0, -1)))).toBeLessThan(0.02);
      expect(Math.abs(correlation(u.slice(columns), u.slice(0, -columns)))).toBeLessThan(0.02);
      expect(Math.abs(correlation(u, next))).toBeLessThan(0.02);
    }
  });

  it('gives the same bits for the same seed, others for another', () => {
    expect(draw([3, 5], 42)).toEqual(draw([3, 5], 42));
    expect(draw([3, 5], 42)).not.toEqual(draw([3, 5], 43));
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i]! - 0.5), 0) / a.length / (1 / 12);
}

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThanOrEqual(tolerance);
}
