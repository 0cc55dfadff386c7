import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { type Coupling, defineAlgorithm, type LossResult } from '../definition.ts';
import { coupled, presence, sequenceLogRatios } from '../sequences.ts';
import { byJudgement, unpairedMean, unpairedMetrics } from './unpaired-metrics.ts';

/** Options of BCO. */
export const bcoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
});

/** Parsed options of BCO. */
export type BcoOptions = z.output<typeof bcoOptions>;

/** What BCO remembers from step to step. */
interface RunningMean {
  count: number;
  mean: number;
}

/** BCO's shift δ: the mean reward of all examples so far, this step's included. */
export const bcoCoupling: Coupling<'unpaired', BcoOptions> = {
  measure: (batch, { beta }) => ({ reward: tf.mul(sequenceLogRatios(batch, 'bco'), beta) }),
  combine: ({ reward }, _options, state) => {
    const before = (state as RunningMean | undefined) ?? { count: 0, mean: 0 };
    const count = before.count + reward!.length;
    const mean = before.mean + reward!.reduce((sum, r) => sum + (r - before.mean), 0) / count;
    return { coupled: { delta: new Float32Array(reward!.length).fill(mean) }, state: { count, mean } };
  },
};

/**
 * Binary classifier optimization: a classifier of single answers whose logit is the implied reward r = β log(π/π_ref),
 * shifted by δ: desirable −log σ(r − δ), undesirable −log σ(−(r − δ)). With this shift the loss bounds DPO's from above
 * more tightly than without.
 *
 * Differs from the paper as TRL does: δ is the running mean of all rewards, not half the sum of the running means of
 * both kinds. Underlying distribution matching (for the undesirable answers of other prompts) comes as the batch's
 * `weights`, which `densityRatioWeights` computes.
 *
 * Metrics: `delta`, mean rewards of both kinds and their difference.
 */
export function bcoLoss(batch: UnpairedBatch, { beta }: BcoOptions): LossResult {
  const rewards: Tensor1D = tf.mul(sequenceLogRatios(batch, 'bco'), beta);
  const delta = coupled(batch, 'bco', 'delta');
  const logit: Tensor1D = tf.sub(rewards, delta);
  const perExample = byJudgement(batch, tf.softplus(tf.neg(logit)), tf.softplus(logit));
  const own: Tensor1D = tf.mul(delta, presence(batch.mask));
  return {
    loss: unpairedMean(perExample, batch),
    metrics: {
      delta: tf.div(tf.sum(own), batch.totals.examples),
      ...unpairedMetrics(rewards, batch, 'bco'),
    },
  };
}

/** Binary classifier optimization: `bcoLoss` as a definition. */
export const bco = defineAlgorithm({
  name: 'bco',
  paper: {
    title: 'Binary Classifier Optimization for Large Language Model Alignment',
    url: 'https://arxiv.org/abs/2404.04656',
    equations: 'the loss with reward shift, and underlying distribution matching',
  },
  batch: 'unpaired',
  options: bcoOptions,
  needs: () => ({ reference: true }),
  coupling: bcoCoupling,
  loss: bcoLoss,
});
