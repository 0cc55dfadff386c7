import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceMeans } from '../masked.ts';
import { chosenNll } from './chosen-nll.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** A certain answer has infinite odds; its mean log-probability is taken to be this much below 0 at most. */
const NEAREST_TO_CERTAIN = -1e-6;

/** Options of ORPO. */
export const orpoOptions = z.strictObject({
  /** Weight of the odds-ratio term (λ in the paper). */
  beta: z.number().positive().default(0.1),
});

/** Parsed options of ORPO. */
export type OrpoOptions = z.output<typeof orpoOptions>;

/**
 * Odds ratio preference optimization: fine-tuning on the chosen answers that also widens the odds between the answers,
 * in one stage and without a reference: `NLL(chosen) − β log σ(log odds(chosen) − log odds(rejected))`, where
 * `odds = p / (1 − p)` of the length-normalised probability `p = exp(mean log π)`.
 *
 * Differs from TRL: the NLL is over the tokens that carry loss, while TRL's is over prompts as well.
 *
 * Metrics: those of `pairMetrics` with rewards β mean log π; `nll`; `log-odds`, the mean log odds ratio.
 */
export function orpoLoss(batch: PairwiseBatch, { beta }: OrpoOptions): LossResult {
  const mean = ({ logProbs, mask }: SequenceLogProbs) => sequenceMeans(logProbs, mask);
  const [chosen, rejected] = [mean(batch.chosen), mean(batch.rejected)];
  const logOdds: Tensor1D = tf.sub(logOddsOf(chosen), logOddsOf(rejected));
  const nll = chosenNll(batch, 'orpo');
  return {
    loss: tf.add(nll, tf.mul(pairMean(tf.softplus(tf.neg(logOdds)), batch), beta)),
    metrics: {
      ...pairMetrics(tf.mul(chosen, beta), tf.mul(rejected, beta), batch),
      nll,
      'log-odds': pairMean(logOdds, batch),
    },
  };
}

/** log(p / (1 − p)) of log p, `[batch]`. */
function logOddsOf(logP: Tensor1D): Tensor1D {
  const below = tf.minimum(logP, NEAREST_TO_CERTAIN);
  return tf.sub(below, tf.log(tf.neg(tf.expm1(below))));
}

/** Odds ratio preference optimization: `orpoLoss` as a definition. */
export const orpo = defineAlgorithm({
  name: 'orpo',
  paper: {
    title: 'ORPO: Monolithic Preference Optimization without Reference Model',
    url: 'https://arxiv.org/abs/2403.07691',
    equations: 'eq. 4, 6 and 7',
  },
  batch: 'pairwise',
  options: orpoOptions,
  loss: orpoLoss,
});
