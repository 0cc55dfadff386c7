import { jit } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

/** The best rate of a single matrix product on this machine, in GFLOPS: what a training step is measured by. */
export function matmulLimit() {
  const [m, k, n] = [2048, 512, 512];
  const [a, b] = [tf.randomUniform([m, k]), tf.randomUniform([k, n])];
  const product = jit((x, y) => tf.matMul(x, y), { name: 'matmul-limit' });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    product(a, b).dispose();
    best = Math.min(best, performance.now() - start);
  }
  product.dispose();
  tf.dispose([a, b]);
  return (2 * m * k * n) / best / 1e6;
}
