import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

const identityWithoutGradient = tf.customGrad((x) => ({
  value: tf.clone(x as Tensor),
  gradFunc: (dy: Tensor) => tf.zerosLike(dy),
}));

/** `x` as a constant: its value, and a gradient of 0 (sg(x) in the papers). */
export function stopGradient<T extends Tensor>(x: T): T {
  return identityWithoutGradient(x) as T;
}

/**
 * `f(x)` as a constant: its value, and a gradient of 0. For what TensorFlow.js cannot differentiate, such as
 * comparisons and topk, which need not be.
 */
export function withoutGradient<A extends Tensor, B extends Tensor>(x: A, f: (x: A) => B): B {
  const constant = tf.customGrad((input, save) => {
    (save as (tensors: Tensor[]) => void)([input as Tensor]);
    return {
      value: f(input as A),
      gradFunc: (_dy: Tensor, saved: Tensor[]) => tf.zerosLike(saved[0]!),
    };
  });
  return constant(x) as B;
}
