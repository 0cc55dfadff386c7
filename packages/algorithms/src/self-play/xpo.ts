import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceSums } from '../masked.ts';
import { pairMean, pairMetrics } from '../pairs/pair-metrics.ts';
import { bestAgainstWorst } from '../rounds.ts';
import { required, sequenceLogRatios } from '../sequences.ts';

/** Options of XPO. */
export const xpoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** Weight of exploration; 0 is online DPO with one answer of the policy and one of the reference. */
  alpha: z.number().min(0).default(1e-5),
  /** What judges the answers: `rewards`, or a judge that compares two (`preferences`). */
  judge: z.enum(['rewards', 'preferences']).default('rewards'),
});

/** Parsed options of XPO. */
export type XpoOptions = z.output<typeof xpoOptions>;

/**
 * Exploratory preference optimization: online DPO between an answer y of the policy and an answer ỹ of the reference,
 * and optimism: `−log σ(β h) + α log π(ỹ)`, with DPO's difference of log-ratios h. Making the reference's answers less
 * likely moves the policy to answers that the data does not cover.
 *
 * Metrics: those of `pairMetrics` with DPO's rewards; `exploration`, the mean of log π(ỹ).
 */
export function xpoLoss(batch: PairwiseBatch, { beta, alpha }: XpoOptions): LossResult {
  const { chosen, rejected } = batch;
  const fromReference = required(
    batch.chosenFromReference,
    'xpo',
    'chosenFromReference: which of the answers the reference wrote',
  );
  const rewards: [Tensor1D, Tensor1D] = [
    tf.mul(sequenceLogRatios(chosen, 'xpo'), beta),
    tf.mul(sequenceLogRatios(rejected, 'xpo'), beta),
  ];
  const referenceAnswer: Tensor1D = tf.add(
    tf.mul(fromReference, sequenceSums(chosen.logProbs, chosen.mask)),
    tf.mul(tf.sub(1, fromReference), sequenceSums(rejected.logProbs, rejected.mask)),
  );
  const preference: Tensor1D = tf.softplus(tf.sub(rewards[1], rewards[0]));
  return {
    loss: pairMean(tf.add(preference, tf.mul(referenceAnswer, alpha)), batch),
    metrics: {
      ...pairMetrics(rewards[0], rewards[1], batch),
      exploration: pairMean(referenceAnswer, batch),
    },
  };
}

/** Exploratory preference optimization: `xpoLoss` as a definition. */
export const xpo = defineAlgorithm({
  name: 'xpo',
  paper: {
    title:
      'Exploratory Preference Optimization: Harnessing Implicit Q*-Approximation for Sample-Efficient RLHF',
    url: 'https://arxiv.org/abs/2405.21046',
    equations: 'algorithm 1',
  },
  batch: 'pairwise',
  options: xpoOptions,
  needs: () => ({ reference: true }),
  rounds: ({ judge }) => ({
    every: 'step',
    answers: [
      { from: 'policy', count: 1 },
      { from: 'reference', count: 1 },
    ],
    judge,
    reference: 'initial',
    examples: (judged) =>
      bestAgainstWorst(judged).map((pair) => ({
        ...pair,
        chosenFromReference: judged.from[pair.chosen] === 'reference',
      })),
  }),
  loss: xpoLoss,
});
