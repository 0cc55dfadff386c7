/**
 * Products large enough for our own operators, against sums in double precision. Which operator it is depends on the
 * processor; ONNX Runtime's has to be as exact.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { numbers } from '../ops/testing.ts';
import { useBackend } from '../use-backend.ts';

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

type Matrix = { values: number[]; rows: number; columns: number };
const matrix = (rows: number, columns: number, seed: number, spread = 1): Matrix => ({
  values: numbers([rows, columns], seed, spread).values,
  rows,
  columns,
});
const flipped = ({ values, rows, columns }: Matrix): Matrix => ({
  values: Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  ),
  rows: columns,
  columns: rows,
});
const tensor = (x: Matrix) => tf.tensor2d(x.values, [x.rows, x.columns]);

function multiply(a: Matrix, b: Matrix, transposeA = false, transposeB = false): Float32Array {
  return tf.tidy(() => {
    const [x, y] = [tensor(transposeA ? flipped(a) : a), tensor(transposeB ? flipped(b) : b)];
    return tf.matMul(x, y, transposeA, transposeB).dataSync() as Float32Array;
  });
}

/** The largest error, in units of the sum of the products' sizes; float32 rounds by 2⁻²⁴ = 6e-8. */
function worstError(a: Matrix, b: Matrix, found: Float32Array): number {
  let worst = 0;
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.columns; j++) {
      let [sum, size] = [0, 0];
      for (let p = 0; p < a.columns; p++) {
        const product = a.values[i * a.columns + p]! * b.values[p * b.columns + j]!;
        sum += product;
        size += Math.abs(product);
      }
      const error = Math.abs(found[i * b.columns + j]! - sum);
      worst = Math.max(worst, size > 0 ? error / size : error);
    }
  return worst;
}

/** Eight roundings; ONNX Runtime's own product comes to four or five. */
const BOUND = 5e-7;

const SIZES: [string, number, number, number][] = [
  ['whole tiles', 128, 64, 96],
  ['one more than whole tiles everywhere', 129, 65, 97],
  ['one less', 127, 63, 95],
  ['half a strip left', 144, 48, 32],
  ['several tasks, two passes over k', 300, 40, 700],
  ['few rows, as in decoding', 31, 100, 600],
];
const FLAGS: [boolean, boolean][] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];

describe.each(SIZES)('%s', (_, m, n, k) => {
  it.each(FLAGS)('is as exact as float32, transposed: %s and %s', (transposeA, transposeB) => {
    const [a, b] = [matrix(m, k, 1), matrix(k, n, 2)];
    const found = multiply(a, b, transposeA, transposeB);
    expect(worstError(a, b, found)).toBeLessThan(BOUND);
    expect(multiply(a, b, transposeA, transposeB)).toEqual(found);
  });
});

it('is exact over columns wider than one pass', () => {
  const [a, b] = [matrix(100, 33, 1), matrix(33, 2100, 2)];
  expect(worstError(a, b, multiply(a, b))).toBeLessThan(BOUND);
});

it('holds numbers of very different sizes', () => {
  const [a, b] = [matrix(128, 64, 1), matrix(64, 64, 2)];
  a.values = a.values.map((x, i) => x * 2 ** ((i % 93) - 46));
  b.values = b.values.map((x, i) => x * 2 ** ((i % 89) - 44));
  expect(worstError(a, b, multiply(a, b))).toBeLessThan(BOUND);
});

it('gives a row the same bits whatever stands beside it', () => {
  const [a, b] = [matrix(320, 200, 1), matrix(200, 72, 2)];
  const whole = multiply(a, b);
  const part = { ...a, rows: 100, values: a.values.slice(100 * 200, 200 * 200) };
  expect(multiply(part, b)).toEqual(whole.slice(100 * 72, 200 * 72));
});

it('keeps leading axes', () => {
  const [a, b] = [matrix(120, 40, 1), matrix(40, 50, 2)];
  const expected = multiply(a, b);
  const found = tf.tidy(() => tf.matMul(tf.reshape(tensor(a), [3, 2, 20, 40]), tensor(b)));
  expect(found.shape).toEqual([3, 2, 20, 50]);
  expect(found.dataSync()).toEqual(expected);
});

it('shows what is not finite in its row or column alone', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const [a, b] = [matrix(100, 64, 1), matrix(64, 48, 2)];
    const rows = multiply({ ...a, values: a.values.with(7 * 64 + 33, bad) }, b);
    expect(rows.every((x, i) => Number.isFinite(x) === (Math.floor(i / 48) !== 7))).toBe(true);
    const columns = multiply(a, { ...b, values: b.values.with(40 * 48 + 5, bad) });
    expect(columns.every((x, i) => Number.isFinite(x) === (i % 48 !== 5))).toBe(true);
  }
});
