import * as tf from '@tensorflow/tfjs-core';

/** Deterministic numbers around 0 for tests. */
export function numbers(shape: number[], seed = 1, spread = 1): tf.Tensor {
  return tf.randomNormal(shape, 0, spread, 'float32', seed);
}

/** Gradients of sum(f(xs) · w) for fixed weights w, by autodiff and by central differences. */
export function compareGradients(
  f: (...xs: tf.Tensor[]) => tf.Tensor,
  xs: tf.Tensor[],
  step = 1e-2,
): { analytic: Float32Array[]; numeric: Float32Array[] } {
  const y = f(...xs);
  const w = numbers(y.shape, 99);
  const loss = (...args: tf.Tensor[]) => tf.sum(tf.mul(f(...args), w)) as tf.Scalar;
  const analytic = tf
    .grads(loss)(xs)
    .map((g) => g.dataSync() as Float32Array);
  const numeric = xs.map((x, i) => {
    const data = x.dataSync() as Float32Array;
    return data.map((_, j) => {
      const at = (delta: number) => {
        const moved = data.slice();
        moved[j]! += delta;
        const args = xs.slice();
        args[i] = tf.tensor(moved, x.shape);
        return loss(...args).dataSync()[0]!;
      };
      return (at(step) - at(-step)) / (2 * step);
    });
  });
  return { analytic, numeric };
}
