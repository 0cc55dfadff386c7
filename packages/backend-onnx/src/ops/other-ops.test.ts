/** Tests of operations that have several results, none or no gradient, and of paths that only large inputs take. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../use-backend.ts';
import { budget } from './attention-tiles.ts';
import { cachedAttentionComposition } from './cached-attention.ts';
import * as ops from './index.ts';
import { evaluate, fixed, numbers, type TensorFunction, toTensor, worst } from './testing.ts';

type T4 = tf.Tensor4D;
type Backend = 'cpu' | 'onnx';
const backends: Backend[] = ['cpu', 'onnx'];

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

function run(backend: Backend, f: () => tf.Tensor[]): Float32Array[] {
  tf.setBackend(backend);
  return tf.tidy(() => f().map((x) => Float32Array.from(x.dataSync())));
}

describe('attention of long sequences', () => {
  const defaults = { ...budget };
  afterEach(() => Object.assign(budget, defaults));
  const inputs = [numbers([2, 4, 70, 8], 1), numbers([2, 2, 70, 8], 2), numbers([2, 2, 70, 8], 3)];

  for (const causal of [true, false]) {
    it(`cuts into tiles and computes probabilities again, ${causal ? '' : 'not '}causal`, () => {
      const f: TensorFunction = (q, k, v) => ops.attention(q as T4, k as T4, v as T4, { causal });
      const expected = evaluate('cpu', f, inputs);
      Object.assign(budget, { kept: 1, tile: 4 * 2 * 4 * 70 * 16 });
      const actual = evaluate('onnx', f, inputs);
      expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
      expectSame(actual.gradients, expected.gradients, 2e-5);
    });
  }
});

describe.each(backends)('attention on %s', (backend) => {
  it('gives zeros, in value and gradient, to a query that may attend to nothing', () => {
    const f: TensorFunction = (q, k, v) =>
      ops.attention(q as T4, k as T4, v as T4, { mask: toTensor(fixed([1, 0, 0, 0], [2, 2], 'bool')) });
    const { value, gradients } = evaluate(
      backend,
      f,
      [1, 2, 3].map((seed) => numbers([1, 1, 2, 3], seed)),
    );
    expect([...value.slice(3)].map(Math.abs)).toEqual([0, 0, 0]);
    expect([...gradients[0]!.slice(3)].map(Math.abs)).toEqual([0, 0, 0]);
    expect([...gradients[2]!.slice(3)].map(Math.abs)).toEqual([0, 0, 0]);
  });

  it('names heads that do not divide', () => {
    const [q, k] = [tf.zeros([1, 3, 1, 4]), tf.zeros([1, 2, 1, 4])] as [T4, T4];
    expect(() => ops.attention(q, k, k)).toThrow(/3 heads.*\(2\)/);
  });
});

describe('embedding', () => {
  it('adds up the gradients of repeated ids without races, every time', () => {
    const ids = fixed(
      Array.from({ length: 512 }, (_, i) => (i * i) % 5),
      [512],
    );
    const f: TensorFunction = (weight) => ops.embedding(toTensor(ids), weight!);
    const inputs = [numbers([5, 32])];
    const [expected] = evaluate('cpu', f, inputs).gradients as [Float32Array];
    for (let run = 0; run < 20; run++) {
      expect(worst(evaluate('onnx', f, inputs).gradients[0]!, expected)).toBeLessThan(1e-5);
    }
  });
});

describe.each(backends)('cachedAttention on %s', (backend) => {
  const cases = {
    'one token of two rows of different lengths': { lengths: [3, 1], seq: 1, headDim: 8 },
    'several tokens of two rows of different lengths': { lengths: [3, 1], seq: 2, headDim: 8 },
    'a prompt of one row': { lengths: [0], seq: 5, headDim: 8 },
    'several tokens after a prompt': { lengths: [3], seq: 2, headDim: 8 },
    'vectors of odd size': { lengths: [2, 0], seq: 1, headDim: 5 },
    'whole registers, one token of rows of different lengths': { lengths: [3, 0, 37], seq: 1, headDim: 16 },
    'whole registers, several tokens of two rows': { lengths: [3, 18], seq: 2, headDim: 48 },
    'whole registers, blocks of many tokens': { lengths: [5, 0], seq: 70, headDim: 16 },
    'more registers than are added up at once': { lengths: [4, 21], seq: 3, headDim: 144 },
  };
  for (const [name, { lengths, seq, headDim }] of Object.entries(cases)) {
    it(`equals attention over everything so far: ${name}`, () => {
      const batch = lengths.length;
      const fresh = (heads: number, seed: number) =>
        toTensor(numbers([batch, heads, seq, headDim], seed)) as T4;
      const cache = (seed: number) =>
        toTensor(numbers([batch, 2, Math.max(...lengths) + seq + 1, headDim], seed)) as T4;
      const [actual, expected] = [true, false].map((cached) =>
        run(backend, () => {
          const [q, k, v] = [fresh(4, 1), fresh(2, 2), fresh(2, 3)];
          const [keys, values] = [cache(4), cache(5)];
          if (cached) {
            const [out, newKeys, newValues] = ops.cachedAttention(
              q,
              k,
              v,
              keys,
              values,
              tf.tensor1d(lengths, 'int32'),
            );
            return lengths.flatMap((length, row) => [
              rowOf(out, row),
              upTo(rowOf(newKeys, row), length + seq),
              upTo(rowOf(newValues, row), length + seq),
            ]);
          }
          return lengths.flatMap((length, row) => {
            const all = (old: T4, added: T4) =>
              tf.concat([upTo(rowOf(old, row), length), rowOf(added, row)], 2);
            const [allKeys, allValues] = [all(keys, k), all(values, v)];
            return [ops.attention(rowOf(q, row), allKeys, allValues, { causal: true }), allKeys, allValues];
          });
        }),
      ) as [Float32Array[], Float32Array[]];
      expectSame(actual, expected, 1e-5);
    });
  }
});

it.each([3, 9])('cachedAttention drops what does not fit the cache: %s tokens', (seq) => {
  const [actual, expected] = [ops.cachedAttention, cachedAttentionComposition].map((attend) =>
    run('onnx', () => {
      const part = (heads: number, seed: number, length = seq) =>
        toTensor(numbers([3, heads, length, 16], seed)) as T4;
      return attend(
        part(2, 1),
        part(1, 2),
        part(1, 3),
        part(1, 4, 12),
        part(1, 5, 12),
        tf.tensor1d([12, 10, 4], 'int32'),
      );
    }),
  ) as [Float32Array[], Float32Array[]];
  expectSame(actual, expected, 1e-5);
});

const rowOf = (x: T4, row: number) => tf.slice(x, [row, 0, 0, 0], [1, -1, -1, -1]);
const upTo = (x: T4, length: number) => tf.slice(x, [0, 0, 0, 0], [1, -1, length, -1]);

describe('adamW', () => {
  it('is the same on both backends over several steps, and equals the textbook', () => {
    const [start, gradient] = [numbers([7]), numbers([7], 2, 0.1)];
    const options = { beta1: 0.9, beta2: 0.99, eps: 1e-6, weightDecay: 0.1 };
    const [onCpu, onOnnx] = backends.map((backend) =>
      run(backend, () => {
        let [p, m, v] = [toTensor(start), tf.zeros([7]), tf.zeros([7])];
        for (let step = 1; step <= 3; step++) {
          const changing = { learningRate: tf.scalar(0.01), step: tf.scalar(step) };
          [p, m, v] = ops.adamW(p, toTensor(gradient), m, v, { ...options, ...changing });
        }
        return [p, m, v];
      }),
    ) as [Float32Array[], Float32Array[]];
    expectSame(onOnnx, onCpu, 1e-6);
    const expected = start.values.map((x, i) => textbook(x, gradient.values[i]!, 3, 0.01, options));
    expect(worst(onCpu[0]!, Float32Array.from(expected))).toBeLessThan(1e-6);
  });

  it('corrects the bias to the last digit where the decay is close to 1', () => {
    const options = { beta1: 0.9, beta2: 0.9999, eps: 0, weightDecay: 0 };
    for (const backend of backends) {
      const [p] = run(backend, () => {
        const changing = { learningRate: tf.scalar(1), step: tf.scalar(1) };
        return ops.adamW(tf.tensor1d([0]), tf.tensor1d([0.5]), tf.zeros([1]), tf.zeros([1]), {
          ...options,
          ...changing,
        });
      }) as [Float32Array];
      expect(p[0]).toBeCloseTo(-1, 5);
    }
  });
});

function textbook(
  start: number,
  gradient: number,
  steps: number,
  learningRate: number,
  { beta1, beta2, eps, weightDecay }: { beta1: number; beta2: number; eps: number; weightDecay: number },
): number {
  let [p, m, v] = [start, 0, 0];
  for (let t = 1; t <= steps; t++) {
    m = beta1 * m + (1 - beta1) * gradient;
    v = beta2 * v + (1 - beta2) * gradient ** 2;
    const update = m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + eps);
    p -= learningRate * (update + weightDecay * p);
  }
  return p;
}

describe('randomUniform', () => {
  const draw = (backend: Backend, shape: number[], seed: number) =>
    run(backend, () => [ops.randomUniform(shape, tf.scalar(seed, 'int32'))])[0]!;

  it('is flat, also in its low bits, and uncorrelated along rows, columns and seeds', () => {
    const [rows, columns] = [256, 256];
    for (const seed of [0, 1, -1, 2 ** 31 - 1]) {
      const u = draw('onnx', [rows, columns], seed);
      for (const scale of [16, 4096, 2 ** 20]) {
        const bins = new Float64Array(16);
        for (const x of u) bins[Math.floor(x * scale) % 16]!++;
        const expected = u.length / 16;
        const chi2 = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        expect(chi2).toBeLessThan(45); // 15 degrees of freedom: p < 1e-4 above
      }
      const next = draw('onnx', [rows, columns], seed === 2 ** 31 - 1 ? 7 : seed + 1);
      expect(Math.abs(correlation(u.slice(1), u.slice(0, -1)))).toBeLessThan(0.02);
      expect(Math.abs(correlation(u.slice(columns), u.slice(0, -columns)))).toBeLessThan(0.02);
      expect(Math.abs(correlation(u, next))).toBeLessThan(0.02);
    }
  });

  it('has no pattern in rectangles of rows and columns', () => {
    const u = draw('onnx', [512, 512], 5);
    const at = (r: number, c: number) => u[r * 512 + c]! - 0.5;
    let sum = 0;
    let count = 0;
    for (let r = 0; r < 511; r++) {
      for (let c = 0; c < 511; c++, count++) sum += at(r, c) * at(r, c + 1) * at(r + 1, c) * at(r + 1, c + 1);
    }
    // The product of four independent ones has the standard deviation 1/144.
    expect(Math.abs(sum / count)).toBeLessThan(5 / 144 / Math.sqrt(count));
  });

  it('gives the same bits for the same seed on every backend, others for another seed', () => {
    for (const seed of [0, 42, -7, -(2 ** 31), 2 ** 31 - 1]) {
      expect(draw('onnx', [3, 5000], seed)).toEqual(draw('cpu', [3, 5000], seed));
    }
    expect(draw('cpu', [3, 5], 42)).not.toEqual(draw('cpu', [3, 5], 43));
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i]! - 0.5), 0) / a.length / (1 / 12);
}

function expectSame(actual: Float32Array[], expected: Float32Array[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, x] of expected.entries()) expect(worst(actual[i]!, x)).toBeLessThan(tolerance);
}

it.each(backends)('pickRows copies rows there and back, and so do its gradients, on %s', (backend) => {
  // Rows 4 and 1 of five; two places of four only fill up, with row 0, and rows without a place name the first of them.
  const [places, inverse] = [fixed([4, 1, 0, 0], [4]), fixed([2, 1, 2, 2, 0], [5])];
  const x = numbers([5, 3]);
  const there: TensorFunction = (rows) =>
    tf.slice(ops.pickRows(rows!, toTensor(places) as tf.Tensor1D, toTensor(inverse) as tf.Tensor1D), 0, 2);
  const found = evaluate(backend, there, [x]);
  expect([...found.value]).toEqual([...x.values.slice(12, 15), ...x.values.slice(3, 6)]);
  const plain = evaluate(backend, (rows) => tf.gather(rows!, [4, 1]), [x]);
  expect(found.gradients).toEqual(plain.gradients);
  const back = evaluate(
    backend,
    (rows) => ops.pickRows(rows!, toTensor(inverse) as tf.Tensor1D, toTensor(places) as tf.Tensor1D),
    [numbers([4, 2])],
  );
  expect([...back.value.slice(2, 4)]).toEqual(numbers([4, 2]).values.slice(2, 4));
});
