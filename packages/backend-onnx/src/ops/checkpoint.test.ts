import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryInfo } from '../memory-info.ts';
import { useBackend } from '../use-backend.ts';
import { checkpoint } from './checkpoint.ts';
import { worst } from './testing.ts';

const SEGMENTS = 8;

/** Segments of several large intermediate results each, every one with a weight of its own. */
function deep(x: tf.Tensor, weights: tf.Tensor[], checkpointed: boolean): tf.Tensor {
  const segment = (y: tf.Tensor, w: tf.Tensor): tf.Tensor => {
    for (let i = 0; i < 6; i++) y = tf.tanh(tf.mul(y, w));
    return y;
  };
  return weights.reduce((y, w) => (checkpointed ? checkpoint(segment) : segment)(y, w), x);
}

describe('checkpoint on onnx', () => {
  beforeAll(() => useBackend('onnx', { quiet: true }));

  it('keeps much less in memory than the plain function, at the same gradients', () => {
    const x = tf.randomUniform([2 ** 16], 0, 1, 'float32', 1);
    const weights = Array.from({ length: SEGMENTS }, (_, i) => tf.scalar(1 + i / 10));
    const gradients = [true, false].map((checkpointed) => {
      const loss = (a: tf.Tensor, ...ws: tf.Tensor[]) => tf.sum(deep(a, ws, checkpointed)) as tf.Scalar;
      const [dx, ...dw] = tf.tidy(() =>
        tf
          .grads(loss)([x, ...weights])
          .map((g) => [...g.dataSync()]),
      );
      return {
        dx: Float32Array.from(dx!),
        dw: Float32Array.from(dw.flat()),
        peak: memoryInfo().arenaPeakBytes,
      };
    });
    const [saving, plain] = gradients as [(typeof gradients)[0], (typeof gradients)[0]];
    expect(worst(saving.dx, plain.dx)).toBeLessThan(1e-6);
    expect(worst(saving.dw, plain.dw)).toBeLessThan(1e-6);
    expect(saving.peak).toBeLessThan(plain.peak / 2);
  });
});
