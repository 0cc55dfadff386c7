import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** A tensor's content, to make it anew on every backend. */
export interface Data {
  values: number[];
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
}

export type TensorFunction = (...xs: tf.Tensor[]) => tf.Tensor;

/** A function's value and the gradients of Σ f(xs) · w, for fixed weights w, with respect to its float32 arguments. */
export interface Evaluation {
  value: Float32Array;
  gradients: Float32Array[];
}

/** Deterministic numbers around 0. */
export function numbers(shape: number[], seed = 1, spread = 1): Data {
  const draw = tf.tidy(() => tf.randomNormal(shape, 0, spread, 'float32', seed).dataSync());
  return { values: [...draw], shape, dtype: 'float32' };
}

/** Whole numbers or truth values. */
export function fixed(values: number[], shape: number[], dtype: 'int32' | 'bool' = 'int32'): Data {
  return { values, shape, dtype };
}

/** The tensor of some data on the current backend. */
export function toTensor({ values, shape, dtype }: Data): tf.Tensor {
  return tf.tensor(values, shape, dtype);
}

/** Evaluates `f` on a backend. */
export function evaluate(backend: 'cpu' | 'onnx', f: TensorFunction, data: readonly Data[]): Evaluation {
  tf.setBackend(backend);
  return tf.tidy(() => {
    const xs = data.map(toTensor);
    const value = f(...xs);
    const trained = xs.filter((x) => x.dtype === 'float32');
    const gradients = tf.grads((...args: tf.Tensor[]) => weightedSum(f, placed(xs, args)))(trained);
    return { value: read(value), gradients: gradients.map(read) };
  });
}

/** Central differences on the cpu backend, to compare with the gradients of `evaluate`. */
export function centralDifferences(f: TensorFunction, data: readonly Data[], step = 1e-2): Float32Array[] {
  tf.setBackend('cpu');
  const loss = (moved: readonly Data[]) => tf.tidy(() => weightedSum(f, moved.map(toTensor)).dataSync()[0]!);
  return data.flatMap((x, i) => {
    if (x.dtype !== 'float32') return [];
    const slopes = x.values.map((value, j) => {
      const at = (delta: number) => loss(data.with(i, { ...x, values: x.values.with(j, value + delta) }));
      return (at(step) - at(-step)) / (2 * step);
    });
    return [Float32Array.from(slopes)];
  });
}

/** The largest difference of two arrays, relative to the largest value of the second, or to 1 if that is larger. */
export function worst(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    const delta = Math.abs(actual[i]! - expected[i]!);
    // Comparing this way round lets a NaN through to the result.
    if (!(delta <= difference)) difference = delta;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}

function weightedSum(f: TensorFunction, xs: tf.Tensor[]): tf.Scalar {
  const y = f(...xs);
  return tf.sum(tf.mul(y, toTensor(numbersLike(y.shape))));
}

/** Numbers between −1 and 1 that are the same on every backend. */
function numbersLike(shape: number[]): Data {
  const size = shape.reduce((a, b) => a * b, 1);
  return { values: Array.from({ length: size }, (_, i) => Math.sin(7 * i + 1)), shape, dtype: 'float32' };
}

/** `xs` with its float32 tensors replaced, in order. */
function placed(xs: tf.Tensor[], trained: tf.Tensor[]): tf.Tensor[] {
  const queue = [...trained];
  return xs.map((x) => (x.dtype === 'float32' ? queue.shift()! : x));
}

const read = (x: tf.Tensor) => Float32Array.from(x.dataSync());
