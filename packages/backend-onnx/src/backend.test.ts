import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { registerOnnxBackend } from './register.ts';

beforeAll(async () => {
  registerOnnxBackend();
  await tf.setBackend('onnx');
});

test('a few kernels compute', () => {
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const b = tf.scalar(10);
  const y = tf.add(tf.matMul(a, a, true), b);
  expect([...y.dataSync()]).toEqual([20, 24, 24, 30]);
  expect(tf.sum(tf.reshape(y, [4])).dataSync()[0]).toBe(98);
});
