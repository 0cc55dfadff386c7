import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { positions } from './sequences.ts';

/**
 * The score at each sequence's last token that counts: a reward model's opinion of the whole answer.
 *
 * @param scores `[batch, seq]`, read after each token
 * @param mask `[batch, seq]`
 * @returns `[batch]`, 0 for a sequence without tokens
 */
export function scoreAtLast(scores: Tensor2D, mask: Tensor2D): Tensor1D {
  const count = tf.sum(mask, 1, true);
  return picked(scores, tf.logicalAnd(tf.equal(positions(mask), count), tf.greater(mask, 0)));
}

/**
 * The score at each sequence's first token that counts: the value of its prompt.
 *
 * @param scores `[batch, seq]`, read before each token
 * @param mask `[batch, seq]`
 * @returns `[batch]`, 0 for a sequence without tokens
 */
export function scoreAtFirst(scores: Tensor2D, mask: Tensor2D): Tensor1D {
  return picked(scores, tf.logicalAnd(tf.equal(positions(mask), 1), tf.greater(mask, 0)));
}

/** A sum over one-hot places rather than a gather: padding counts nothing, and the gradient is dense. */
function picked(scores: Tensor2D, where: tf.Tensor): Tensor1D {
  return tf.sum(tf.mul(scores, tf.cast(where, 'float32')), 1);
}
