import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { StepwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { required } from '../sequences.ts';
import { stepLoss } from './process.ts';

/**
 * A process advantage verifier (PAV): the score at the end of each step is the logit of Q, the probability that a
 * prover policy reaches the right answer from there; labels are estimates of it from rollouts. What a step is worth is
 * by how much it raises that probability: `processAdvantages`.
 *
 * The paper trains Q on such estimates by cross-entropy; so does this. Beside it, `advantageWeight` weighs the squared
 * error of the differences, the advantages themselves (not in the paper).
 *
 * Metrics: `q`, the mean of σ(score); `advantage-error`, the mean squared error of the advantages.
 */
export function processAdvantageLoss(
  batch: StepwiseBatch,
  { advantageWeight }: ProcessAdvantageOptions,
): LossResult {
  const { stepLabels, stepMask, totals } = batch;
  const scores = required(batch.scores, 'process-advantage', 'scores of the scalar head');
  const q = tf.sigmoid(scores);
  const error: Tensor2D = tf.square(
    tf.sub(stepDifferences(q, stepMask), stepDifferences(stepLabels, stepMask)),
  );
  const values = tokenMean(stepLoss(scores, stepLabels), stepMask, totals);
  const advantageError = tokenMean(error, stepMask, totals);
  return {
    loss: advantageWeight > 0 ? tf.add(values, tf.mul(advantageError, advantageWeight)) : values,
    metrics: { q: tokenMean(q, stepMask, totals), 'advantage-error': advantageError },
  };
}

/** Options of a process advantage verifier. */
export const processAdvantageOptions = z.strictObject({
  /** Weight of the squared error of advantages beside the cross-entropy of values. */
  advantageWeight: z.number().min(0).default(0),
});

/** Parsed options of a process advantage verifier. */
export type ProcessAdvantageOptions = z.output<typeof processAdvantageOptions>;

/**
 * At the end of each step, the value there less the value at the end of the step before; at the first step, 0: nothing
 * is known of the value before it. 0 at all other places.
 *
 * @param values `[batch, seq]`
 * @param stepMask 1 at the ends of steps, `[batch, seq]`
 */
function stepDifferences(values: Tensor2D, stepMask: Tensor2D): Tensor2D {
  const ordinal = tf.mul(tf.cumsum(stepMask, 1), stepMask);
  // before[b, t, u] = 1 where the step that ends at u is the one before the step that ends at t.
  const before = tf.cast(
    tf.logicalAnd(
      tf.equal(tf.expandDims(tf.sub(ordinal, 1), 2), tf.expandDims(ordinal, 1)),
      tf.greater(tf.expandDims(ordinal, 1), 0),
    ),
    'float32',
  );
  const previous = tf.sum(tf.mul(before, tf.expandDims(tf.mul(values, stepMask), 1)), 2);
  const later = tf.cast(tf.greater(ordinal, 1), 'float32');
  return tf.mul(tf.sub(values, previous), later);
}

/**
 * The advantage of each step of one solution under the prover: A_h = Q_h − Q_{h − 1}.
 *
 * @param q probabilities of success after each step
 * @param initial that of the prompt alone
 */
export function processAdvantages(q: ArrayLike<number>, initial: number): Float32Array {
  return Float32Array.from(q, (value, step) => value - (step === 0 ? initial : q[step - 1]!));
}

/**
 * The reward of each step for search and reinforcement learning: α times its advantage, and at the last
 * step the outcome besides.
 *
 * @param alpha weight of the advantages; the paper's best lies between 3 and 5
 */
export function effectiveRewards(advantages: ArrayLike<number>, outcome: number, alpha = 5): Float32Array {
  return Float32Array.from(
    advantages,
    (advantage, step) => alpha * advantage + (step === advantages.length - 1 ? outcome : 0),
  );
}

/** A process advantage verifier: `processAdvantageLoss` as a definition. */
export const processAdvantage = defineAlgorithm({
  name: 'process-advantage',
  paper: {
    title: 'Rewarding Progress: Scaling Automated Process Verifiers for LLM Reasoning',
    url: 'https://arxiv.org/abs/2410.08146',
    equations: 'process advantages, effective reward',
  },
  batch: 'stepwise',
  options: processAdvantageOptions,
  needs: () => ({ head: 'after' }),
  loss: processAdvantageLoss,
});
