import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { DistillationBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import type { Rounds } from '../rounds.ts';
import { logitDivergence } from './divergence.ts';

/** Options of GKD. */
export const gkdOptions = z.strictObject({
  /** Between forward KL (0) and reverse KL (1), by the generalised Jensen-Shannon divergence. */
  beta: z.number().min(0).max(1).default(0.5),
  /** Share of answers that the student writes itself: none, half (with those of the data), all. */
  onPolicy: z.literal([0, 0.5, 1]).default(1),
  /** Divides both logits in the loss. */
  temperature: z.number().positive().default(1),
  /** Compare the teacher's k likeliest tokens and the rest as one; 0: all. */
  topK: z.int().min(0).default(0),
});

/** Parsed options of GKD. */
export type GkdOptions = z.output<typeof gkdOptions>;

/**
 * Generalized knowledge distillation (eq. 1, 2 and algorithm 1): the divergence between teacher and student along answers
 * that the student writes itself, so that it learns from its own mistakes. Nothing is differentiated through sampling.
 *
 * Differs from the paper: with `onPolicy` 0.5 every prompt has one answer of each kind, instead of a draw for each batch.
 *
 * Metrics: `divergence`, in nats a token.
 */
export function gkdLoss(batch: DistillationBatch, options: GkdOptions): LossResult {
  const { logits, teacherLogits, mask, totals } = batch;
  const { beta } = options;
  const divergence = beta === 0 ? 'forward' : beta === 1 ? 'reverse' : 'js';
  const loss = tokenMean(logitDivergence(logits, teacherLogits, { ...options, divergence }), mask, totals);
  return { loss, metrics: { divergence: tf.clone(loss) } };
}

/** Fresh answers at every step, all of them learned from. */
export function onPolicyRounds(share: 0 | 0.5 | 1): Rounds<'distillation'> | undefined {
  if (share === 0) return undefined;
  return {
    every: 'step',
    answers: [{ from: 'policy', count: 1 }, ...(share === 0.5 ? [{ from: 'data', count: 1 } as const] : [])],
    judge: 'none',
    reference: 'initial',
    examples: ({ scores }) => Array.from(scores, (_, answer) => ({ answer })),
  };
}

/** Generalized knowledge distillation: `gkdLoss` as a definition. */
export const gkd = defineAlgorithm({
  name: 'gkd',
  paper: {
    title: 'On-Policy Distillation of Language Models: Learning from Self-Generated Mistakes',
    url: 'https://arxiv.org/abs/2306.13649',
    equations: 'eq. 1, 2, algorithm 1',
  },
  batch: 'distillation',
  options: gkdOptions,
  needs: () => ({ teacher: true, logits: true }),
  rounds: ({ onPolicy }) => onPolicyRounds(onPolicy),
  loss: gkdLoss,
});
