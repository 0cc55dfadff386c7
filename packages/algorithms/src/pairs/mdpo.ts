import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { required, sequenceLogRatios } from '../sequences.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** Options of mDPO. */
export const mdpoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** Weight of the conditional term: the true condition against the corrupted one. */
  conditional: z.number().min(0).default(1),
  /** Weight of the anchor, which keeps the chosen answer's reward above `anchorReward`. */
  anchor: z.number().min(0).default(1),
  /** Reward that the chosen answer should exceed (δ in the paper). */
  anchorReward: z.number().default(0),
});

/** Parsed options of mDPO. */
export type MdpoOptions = z.output<typeof mdpoOptions>;

/**
 * mDPO: DPO whose preference must come from the condition (the image, or any part of a prompt that can be corrupted).
 * With a = β log(π/π_ref) of the chosen answer, b of the rejected one, and c of the chosen one after the corrupted
 * condition:
 *
 * `−log σ(a − b) − conditional · log σ(a − c) − anchor · log σ(a − anchorReward)`
 *
 * Metrics: those of `pairMetrics` with DPO's rewards; `rewards/corrupted`; `condition-accuracy`, the share of pairs
 * whose chosen answer is worth more under its own condition.
 */
export function mdpoLoss(batch: PairwiseBatch, options: MdpoOptions): LossResult {
  const reward = (side: SequenceLogProbs): Tensor1D => tf.mul(sequenceLogRatios(side, 'mdpo'), options.beta);
  const chosen = reward(batch.chosen);
  const rejected = reward(batch.rejected);
  const corrupted = reward(
    required(batch.corrupted, 'mdpo', 'corrupted, the chosen answers after a corrupted condition'),
  );
  const preference = smoothedLogLoss(tf.sub(chosen, rejected));
  const condition = smoothedLogLoss(tf.sub(chosen, corrupted));
  const anchor = smoothedLogLoss(tf.sub(chosen, options.anchorReward));
  const perPair: Tensor1D = tf.add(
    preference,
    tf.add(tf.mul(condition, options.conditional), tf.mul(anchor, options.anchor)),
  );
  return {
    loss: pairMean(perPair, batch),
    metrics: {
      ...pairMetrics(chosen, rejected, batch),
      'rewards/corrupted': pairMean(corrupted, batch),
      'condition-accuracy': pairMean(tf.cast(tf.greater(chosen, corrupted), 'float32'), batch),
    },
  };
}

/** mDPO: `mdpoLoss` as a definition. */
export const mdpo = defineAlgorithm({
  name: 'mdpo',
  paper: {
    title: 'mDPO: Conditional Preference Optimization for Multimodal Large Language Models',
    url: 'https://arxiv.org/abs/2406.11839',
    equations: 'section 3, conditional and anchored preference optimization',
  },
  batch: 'pairwise',
  options: mdpoOptions,
  needs: () => ({ reference: true, corrupted: true }),
  loss: mdpoLoss,
});
