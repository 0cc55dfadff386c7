import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../index.ts';

describe.each(['cpu', 'onnx'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend, { quiet: true });
  });

  test('a sum that reads a tensor on several paths has their gradients together', () => {
    const gradient = tf.grad((x: tf.Tensor) => {
      const y = tf.square(x);
      return tf.sum(tf.add(y, tf.sub(y, tf.mul(y, 0.5))));
    })(tf.tensor1d([1, 2]));
    expect(Array.from(gradient.dataSync())).toEqual([3, 6]);
  });
});
