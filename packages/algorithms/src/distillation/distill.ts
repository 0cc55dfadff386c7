import type { Scalar } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { DistillationBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { divergences, logitDivergence } from './divergence.ts';

/** Options of logit distillation. */
export const distillOptions = z.strictObject({
  /** What is made small, see `divergences`. */
  divergence: divergences.default('forward'),
  /** β of `js`. */
  beta: z.number().gt(0).lt(1).default(0.5),
  /** Softens both distributions. */
  temperature: z.number().positive().default(1),
  /** Compare the teacher's k likeliest tokens and the rest as one; 0: all. */
  topK: z.int().min(0).default(0),
  /** Share of the loss that is the likelihood of the answers themselves, 0 to 1. */
  hardShare: z.number().min(0).max(1).default(0),
});

/** Parsed options of logit distillation. */
export type DistillOptions = z.output<typeof distillOptions>;

/**
 * Distillation by logits on given answers: `(1 − h) T² D(teacher, student) + h NLL`, a mean over tokens, with T the
 * `temperature` and h the `hardShare`. T² keeps the gradient's size when the distributions are softened (section 2 of
 * the paper).
 *
 * Metrics: `divergence`, in nats a token; `nll`.
 */
export function distillLoss(batch: DistillationBatch, options: DistillOptions): LossResult {
  const { logits, teacherLogits, logProbs, mask, totals } = batch;
  const { temperature, hardShare } = options;
  const divergence = tokenMean(logitDivergence(logits, teacherLogits, options), mask, totals);
  const nll: Scalar = tf.neg(tokenMean(logProbs, mask, totals));
  const soft: Scalar = tf.mul(divergence, (1 - hardShare) * temperature ** 2);
  return {
    loss: hardShare === 0 ? soft : tf.add(soft, tf.mul(nll, hardShare)),
    metrics: { divergence, nll },
  };
}

/** Logit distillation: `distillLoss` as a definition. */
export const distill = defineAlgorithm({
  name: 'distill',
  paper: {
    title: 'Distilling the Knowledge in a Neural Network',
    url: 'https://arxiv.org/abs/1503.02531',
    equations: 'section 2',
  },
  batch: 'distillation',
  options: distillOptions,
  needs: () => ({ teacher: true, logits: true }),
  loss: distillLoss,
});
