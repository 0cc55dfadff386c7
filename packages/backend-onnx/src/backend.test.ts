import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { OnnxBackend } from './backend.ts';
import type { LoweringContext } from './graph/types.ts';
import { memoryInfo, useBackend } from './index.ts';
import { defineKernel } from './kernels/registry.ts';

let backend: OnnxBackend;

beforeAll(() => useBackend('onnx', { quiet: true }));
beforeEach(() => {
  backend = tf.backend() as OnnxBackend;
});

const numbers = (t: tf.Tensor) => [...t.dataSync()];

test('computes', () => {
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const y = tf.add(tf.matMul(a, a, true), tf.scalar(10));
  expect(numbers(y)).toEqual([20, 24, 24, 30]);
  expect(numbers(tf.sum(tf.reshape(y, [4])))).toEqual([98]);
});

test('reading one value computes everything that is pending, once', () => {
  const x = tf.tensor1d([1, 2]);
  const a = tf.mul(x, 3);
  const b = tf.add(a, 1);
  const c = tf.neg(x);
  const { hits, misses } = backend.sessions;
  expect(numbers(b)).toEqual([4, 7]);
  expect([numbers(a), numbers(c)]).toEqual([
    [3, 6],
    [-1, -2],
  ]);
  expect(backend.sessions.hits + backend.sessions.misses).toBe(hits + misses + 1);
});

test('what was disposed is not computed', () => {
  const x = tf.tensor1d([1, 2]);
  const dead = tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]));
  const y = tf.add(x, 1);
  dead.dispose();
  expect(backend.recorder.pending.size).toBe(1);
  expect(numbers(y)).toEqual([2, 3]);
});

test('scalars are inputs: another value compiles nothing', () => {
  const x = tf.tensor1d([1, 2]);
  const scaled = (by: number) => tf.tidy(() => numbers(tf.mul(tf.exp(x), tf.scalar(by))));
  scaled(1);
  const { misses } = backend.sessions;
  expect(scaled(2)[0]).toBeCloseTo(2 * Math.E);
  expect(backend.sessions.misses).toBe(misses);
});

test('a long pending graph runs by itself', async () => {
  await useBackend('onnx', { quiet: true, maxPendingNodes: 10 });
  backend = tf.backend() as OnnxBackend;
  let x: tf.Tensor = tf.scalar(0);
  for (let i = 0; i < 25; i++) x = tf.add(x, 1);
  expect(backend.sessions.misses).toBeGreaterThanOrEqual(1);
  expect(backend.recorder.nodeCount).toBeLessThan(10);
  expect(numbers(x)).toEqual([25]);
  await useBackend('onnx', { quiet: true });
});

test('another shape of a tensor is the same memory', () => {
  const x = tf.add(tf.ones([6]), 1);
  x.dataSync();
  const { liveBuffers } = memoryInfo();
  const y = tf.reshape(x, [2, 3]);
  expect(memoryInfo().liveBuffers).toBe(liveBuffers);
  x.dispose();
  expect(numbers(y)).toEqual([2, 2, 2, 2, 2, 2]);
  y.dispose();
  expect(memoryInfo().liveBuffers).toBe(liveBuffers - 1);
});

test('bytes that a caller holds never change', () => {
  const x = tf.add(tf.ones([3]), 1);
  const seen = x.dataSync();
  x.dispose();
  tf.tidy(() => tf.add(tf.ones([3]), 41).dataSync());
  expect([...seen]).toEqual([2, 2, 2]);
});

test('the array a tensor was made from may be reused at once', () => {
  const array = Float32Array.of(1, 2);
  const y = tf.mul(tf.tensor1d(array), 10);
  array.fill(0);
  expect(numbers(y)).toEqual([10, 20]);
});

test('int32, bool, empty and scalar tensors', () => {
  const ints = tf.tensor1d([5, -7], 'int32');
  expect(tf.add(ints, tf.scalar(1, 'int32')).dataSync()).toEqual(Int32Array.of(6, -6));
  expect(tf.cast(tf.tensor1d([0, 2.5]), 'bool').dataSync()).toEqual(Uint8Array.of(0, 1));
  expect(tf.cast(tf.tensor1d([-1.7, 2.5]), 'int32').dataSync()).toEqual(Int32Array.of(-1, 2));
  expect(numbers(tf.add(tf.zeros([0, 3]), 1))).toEqual([]);
  expect(numbers(tf.add(tf.scalar(1), 2))).toEqual([3]);
});

test('strings and complex numbers are stored', () => {
  expect(tf.tensor1d(['a', 'é']).dataSync()).toEqual(['a', 'é']);
  const z = tf.complex(tf.tensor1d([1, 2]), tf.tensor1d([3, 4]));
  expect(numbers(z)).toEqual([1, 3, 2, 4]);
  expect(numbers(tf.imag(z))).toEqual([3, 4]);
});

test('a failing graph says why, and the next one works', () => {
  defineKernel('Broken', ({ g, inputs }: LoweringContext) =>
    g.op('NoSuchOperator', [inputs.x!], 'float32', [1]),
  );
  const broken = tf.engine().runKernel('Broken', { x: tf.tensor1d([1]) }) as tf.Tensor;
  expect(() => broken.dataSync()).toThrow(/lazy graph: the recorded graph does not compile.*NoSuchOperator/s);
  expect(() => broken.dataSync()).toThrow(/This tensor was never computed: .*NoSuchOperator/s);
  expect(() => tf.add(broken, 1)).toThrow(/Add: an input was never computed: .*NoSuchOperator/s);
  expect(numbers(tf.add(tf.scalar(1), 1))).toEqual([2]);
});

test('the same inputs give the same bits, and steps leave nothing behind', () => {
  const [x, w] = [tf.ones([64, 96]), tf.mul(tf.ones([96, 64]), 0.1)];
  const step = () =>
    tf.tidy(() => {
      const h = tf.tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D));
      return numbers(tf.sum(tf.exp(tf.matMul(h, h, false, true)), 0));
    });
  const first = step();
  step();
  const before = { ...memoryInfo(), tensors: tf.memory().numTensors };
  for (let i = 0; i < 100; i++) expect(step()).toEqual(first);
  expect({ ...memoryInfo(), tensors: tf.memory().numTensors }).toEqual(before);
});
