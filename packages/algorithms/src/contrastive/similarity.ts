import type { Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ContrastiveBatch, Totals } from '../batches.ts';
import { exampleMean } from '../masked.ts';

/** Keeps the gradient of an embedding of zeros finite. */
const EPSILON = 1e-12;

/** Rows scaled to length 1. `x`: `[..., dim]`. */
export function normalised<T extends Tensor2D | Tensor3D>(x: T): T {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), EPSILON))) as T;
}

/**
 * Cosine similarity of every left with every right.
 * @param left `[batch, dim]`
 * @param right `[others, dim]`
 * @returns `[batch, others]`
 */
export function cosineSimilarity(left: Tensor2D, right: Tensor2D): Tensor2D {
  return tf.matMul(normalised(left), normalised(right), false, true);
}

/**
 * The same for lefts that have several embeddings, e.g. the queries of a Q-Former: that of the most similar one
 * (BLIP-2, arXiv 2301.12597 section 3.2).
 *
 * @param queries `[batch, queries, dim]`
 * @param right `[others, dim]`
 * @returns `[batch, others]`
 */
export function querySimilarity(queries: Tensor3D, right: Tensor2D): Tensor2D {
  const [batch, count, dim] = queries.shape;
  const flat: Tensor2D = tf.reshape(normalised(queries), [batch * count, dim]);
  const all = tf.matMul(flat, normalised(right), false, true);
  return tf.max(tf.reshape(all, [batch, count, right.shape[0]]), 1);
}

/**
 * Cosine similarity of every left of a batch with every right, `[batch, batch]`.
 * @throws when there are fewer than two examples, so that there is nothing to tell apart
 */
export function batchSimilarity({ left, right }: ContrastiveBatch, method: string): Tensor2D {
  requireTwo(left, method);
  return cosineSimilarity(left, right);
}

/** @throws when there are fewer than two examples */
export function requireTwo(left: Tensor2D, method: string): void {
  if (left.shape[0] < 2)
    throw new Error(
      `${method}: tells examples of a step apart, so it needs at least 2, found ${left.shape[0]}`,
    );
}

/** A learned scalar. @throws when the batch lacks it */
export function learned({ scalars }: ContrastiveBatch, name: string, method: string): Scalar {
  const value = scalars?.[name];
  if (!value) throw new Error(`${method}: the batch lacks the learned scalar '${name}'`);
  return value;
}

/**
 * Cross-entropy of each row with targets: `−Σⱼ targetᵢⱼ log softmax(logitsᵢ)ⱼ`, a mean over the step.
 * @param logits `[batch, others]`
 * @param targets `[batch, others]`, rows add up to 1
 */
export function softCrossEntropy(logits: Tensor2D, targets: Tensor2D, totals: Totals): Scalar {
  return exampleMean(tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)) as Tensor1D, totals);
}

/** Share of rows whose largest entry is their own, the diagonal one; a tie counts as right. */
export function retrievalAccuracy(logits: Tensor2D, totals: Totals): Scalar {
  const own: Tensor1D = tf.sum(tf.mul(logits, tf.eye(logits.shape[0], logits.shape[1])), 1);
  return exampleMean(tf.cast(tf.greaterEqual(own, tf.max(logits, 1)), 'float32') as Tensor1D, totals);
}
