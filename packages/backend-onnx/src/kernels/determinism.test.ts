/**
 * Kernels that add up run fifty times and give the same bits each time: on the CPU, ONNX Runtime's ScatterND loses
 * additions when threads meet at one place.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../use-backend.ts';

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

const RUNS = 50;
const made = new Map<string, tf.Tensor>();

/** Random numbers, made once. */
function normal(shape: number[], seed = 1): tf.Tensor {
  const key = `${shape}:${seed}`;
  const x = made.get(key) ?? tf.keep(tf.randomNormal(shape, 0, 1, 'float32', seed));
  made.set(key, x);
  return x;
}

/** Few places for many updates, so that almost all of them meet. */
const places = (count: number, below: number) =>
  tf.tensor1d(
    Array.from({ length: count }, (_, i) => (i * 7919) % below),
    'int32',
  );

const KERNELS: Record<string, () => tf.Tensor> = {
  sum: () => tf.sum(normal([100, 1000])),
  'sum over the first axis': () => tf.sum(normal([1000, 100]), 0),
  mean: () => tf.mean(normal([100, 1000]), 1),
  prod: () => tf.prod(normal([50, 200]), 0),
  cumsum: () => tf.cumsum(normal([50, 200]), 1),
  matMul: () => tf.matMul(normal([100, 200]), normal([200, 100], 2)),
  'matMul, transposed': () => tf.matMul(normal([200, 100]), normal([100, 200], 2), true, true),
  softmax: () => tf.softmax(normal([100, 1000])),
  scatterND: () => tf.scatterND(tf.reshape(places(4000, 5), [4000, 1]), normal([4000, 32]), [5, 32]),
  unsortedSegmentSum: () => tf.unsortedSegmentSum(normal([4000, 32]), places(4000, 5), 5),
  bincount: () => tf.bincount(places(20000, 7), normal([20000]) as tf.Tensor1D, 7),
  'gradient of gather': () => tf.grad((x) => tf.gather(x, places(4000, 5)))(normal([5, 32])),
  'gradient of maxPool': () =>
    tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 3, 1, 'same'))(normal([4, 30, 30, 8])),
  'gradient of a convolution': () =>
    tf.grad((w) => tf.conv2d(normal([4, 20, 20, 8]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'))(
      normal([3, 3, 8, 16], 2),
    ),
  'gradient of a broadcast': () => tf.grad((x) => tf.mul(x, normal([1000, 64])))(normal([64])),
  'gradient of resizeBilinear': () =>
    tf.grad((x) => tf.image.resizeBilinear(x as tf.Tensor4D, [64, 64]))(normal([2, 8, 8, 4])),
};

describe.each(Object.keys(KERNELS))('%s', (name) => {
  test(`gives the same bits ${RUNS} times`, () => {
    const first = bits(KERNELS[name]!);
    for (let run = 1; run < RUNS; run++) expect(bits(KERNELS[name]!).equals(first)).toBe(true);
  });
});

function bits(run: () => tf.Tensor): Buffer {
  return tf.tidy(() => {
    const { buffer } = run().dataSync() as Float32Array;
    return Buffer.from(buffer.slice(0));
  });
}

test('additions at one place are all there', () => {
  const count = 100_000;
  const sums = tf.unsortedSegmentSum(tf.ones([count, 4]), places(count, 3), 3);
  expect(tf.sum(sums).dataSync()[0]).toBe(4 * count);
});
