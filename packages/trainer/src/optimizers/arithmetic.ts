import * as tf from '@tensorflow/tfjs-core';

/** The running average `old · beta + found · (1 − beta)`. */
export function mix(old: tf.Tensor, found: tf.Tensor, beta: number): tf.Tensor {
  return tf.add(tf.mul(old, beta), tf.mul(found, 1 - beta));
}

/** Decoupled weight decay: `param · (1 − lr · weightDecay)`. */
export function decayed(param: tf.Tensor, lr: tf.Scalar, weightDecay: number): tf.Tensor {
  return weightDecay === 0 ? param : tf.sub(param, tf.mul(param, tf.mul(lr, weightDecay)));
}
