import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { DistillationBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { tokenMean } from '../masked.ts';
import { clipRatio } from '../policy-gradient/clipped-surrogate.ts';
import { required } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';
import { logitDivergence } from './divergence.ts';
import { onPolicyRounds } from './gkd.ts';

/** Options of MiniLLM. */
export const minillmOptions = z.strictObject({
  /** The ratio of the long part is clipped at 1 ± this. */
  clip: z.number().min(0).default(0.2),
  /** Divide what lies ahead by how many tokens that is; without it short answers are favoured. */
  lengthNormalisation: z.boolean().default(true),
  /** Compute the part of each token's own step exactly, from the logits. */
  singleStep: z.boolean().default(true),
  /** What lies ahead is cut to ± this, in nats; undefined: not. */
  rewardClip: z.number().positive().optional(),
});

/** Parsed options of MiniLLM. */
export type MinillmOptions = z.output<typeof minillmOptions>;

/**
 * What lies ahead of each token: the sum of log(teacher/student) over all later tokens of its answer, or their mean (the
 * paper's R). Constants.
 *
 * @param gap log(teacher/student) of each token, `[batch, seq]`
 * @param mask `[batch, seq]`
 */
export function rewardAhead(gap: Tensor2D, mask: Tensor2D, lengthNormalisation: boolean): Tensor2D {
  const sums: Tensor2D = tf.cumsum(tf.mul(gap, mask), 1, true, true);
  if (!lengthNormalisation) return sums;
  return tf.div(sums, tf.maximum(tf.cumsum(mask, 1, true, true), 1));
}

/**
 * MiniLLM: the reverse KL divergence of whole answers, KL(student ‖ teacher), by policy gradient. Its gradient has two
 * parts: at each token the divergence of its own step, exact from the logits, and what the token leads to, R, by a
 * clipped surrogate `−min(r R, clip(r) R)`.
 *
 * Differs from the paper: answers come from the student alone, not from a mixture with the teacher (α = 0, so that its
 * importance weights are 1); the paper's language modelling loss on other texts is a recipe's own stage. Its authors'
 * code whitens R over a batch, which would make examples of a step depend on each other; here R is as in the paper.
 *
 * Metrics: `divergence`, of the single steps in nats a token; `ahead`, the mean of R; `ratio`, `clip/low`, `clip/high`.
 */
export function minillmLoss(batch: DistillationBatch, options: MinillmOptions): LossResult {
  const { logProbs, logits, teacherLogits, mask, totals } = batch;
  const now = stopGradient(logProbs);
  const oldLogProbs = batch.oldLogProbs ?? now;
  const teacherLogProbs = labelLogProbs(batch);
  const gap = logRatio(teacherLogProbs, oldLogProbs, mask);
  const all = rewardAhead(gap, mask, options.lengthNormalisation);
  const { rewardClip: most } = options;
  const ahead: Tensor2D = most === undefined ? all : tf.clipByValue(all, -most, most);
  const ratio: Tensor2D = tf.exp(logRatio(logProbs, oldLogProbs, mask));
  const long = clipRatio(
    ratio,
    { advantages: ahead, mask, totals },
    { clipLow: options.clip, clipHigh: options.clip },
  );
  const divergence = tokenMean(
    logitDivergence(logits, teacherLogits, { divergence: 'reverse', beta: 0.5, temperature: 1, topK: 0 }),
    mask,
    totals,
  );
  const longLoss = tokenMean(long.loss, mask, totals);
  const loss: Scalar = options.singleStep ? tf.add(longLoss, divergence) : longLoss;
  return {
    loss,
    metrics: {
      divergence,
      ahead: tokenMean(ahead, mask, totals),
      ratio: tokenMean(ratio, mask, totals),
      ...long.metrics,
    },
  };
}

/** Log-probability of each label under the teacher, `[batch, seq]`. */
function labelLogProbs({ teacherLogits, labels }: DistillationBatch): Tensor2D {
  const chosen = tf.oneHot(required(labels, 'minillm', 'labels') as tf.Tensor, teacherLogits.shape[2]);
  return tf.sum(tf.mul(tf.logSoftmax(teacherLogits), chosen), -1);
}

/** MiniLLM: `minillmLoss` as a definition. */
export const minillm = defineAlgorithm({
  name: 'minillm',
  paper: {
    title: 'MiniLLM: Knowledge Distillation of Large Language Models',
    url: 'https://arxiv.org/abs/2306.08543',
    equations: 'section 2.2, single-step decomposition and length normalization',
  },
  batch: 'distillation',
  options: minillmOptions,
  needs: () => ({ teacher: true, logits: true }),
  rounds: () => onPolicyRounds(1),
  loss: minillmLoss,
});
