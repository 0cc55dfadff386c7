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
