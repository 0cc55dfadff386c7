import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceMeans } from '../masked.ts';
import { sequenceLogRatios } from '../sequences.ts';
import { meansByJudgement, unpairedMetrics } from './unpaired-metrics.ts';

/** Options of NPO. */
export const npoOptions = z.strictObject({
  /** How fast forgetting slows down; as it tends to 0 the loss tends to gradient ascent. */
  beta: z.number().positive().default(0.1),
  /** Weight of the negative log-likelihood of desirable examples, which are to be kept (NPO + RT). */
  retain: z.number().min(0).default(1),
});

/** Parsed options of NPO. */
export type NpoOptions = z.output<typeof npoOptions>;

/**
 * Negative preference optimization: DPO with nothing but rejected answers, for unlearning:
 * `(2/β) mean(−log σ(−β log(π/π_ref)))` over undesirable examples, and `retain · mean(NLL)` over desirable ones, whose
 * NLL is a mean over each answer's tokens. Each kind's mean is over its own number.
 *
 * Metrics: mean rewards β log(π/π_ref) of both kinds and their difference; `nll` of the desirable.
 */
export function npoLoss(batch: UnpairedBatch, { beta, retain }: NpoOptions): LossResult {
  const rewards: Tensor1D = tf.mul(sequenceLogRatios(batch, 'npo'), beta);
  const weighed = (values: Tensor1D): Tensor1D => (batch.weights ? tf.mul(values, batch.weights) : values);
  const forgetting = meansByJudgement(weighed(tf.softplus(rewards)), batch, 'npo').undesirable;
  const likelihood: Tensor1D = tf.neg(sequenceMeans(batch.logProbs, batch.mask));
  const keeping = meansByJudgement(weighed(likelihood), batch, 'npo').desirable;
  const loss: Scalar = tf.add(tf.mul(forgetting, 2 / beta), tf.mul(keeping, retain));
  return {
    loss,
    metrics: {
      ...unpairedMetrics(rewards, batch, 'npo'),
      nll: meansByJudgement(likelihood, batch, 'npo').desirable,
    },
  };
}

/** Negative preference optimization: `npoLoss` as a definition. */
export const npo = defineAlgorithm({
  name: 'npo',
  paper: {
    title: 'Negative Preference Optimization: From Catastrophic Collapse to Effective Unlearning',
    url: 'https://arxiv.org/abs/2404.05868',
    equations: 'eq. 3',
  },
  batch: 'unpaired',
  options: npoOptions,
  needs: () => ({ reference: true }),
  loss: npoLoss,
});
