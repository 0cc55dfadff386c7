import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { sequenceMeans } from '../masked.ts';
import { share } from './clipped-surrogate.ts';
import { groupOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of GMPO; its clip range is wider than GRPO's, and in logarithms. */
export const gmpoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'sequence-mean-token-mean' }),
  /** A token's log-ratio is clipped below at −clipLow. */
  clipLow: z.number().min(0).default(0.4),
  /** A token's log-ratio is clipped above at clipHigh. */
  clipHigh: z.number().min(0).default(0.4),
  ...groupOptions,
});

/** Parsed options of GMPO. */
export type GmpoOptions = z.output<typeof gmpoOptions>;

/**
 * Geometric-mean policy optimization: the loss of an answer is `−A · Πₜ rₜ^(1/tokens)`, each log-ratio clipped
 * to [−clipLow, clipHigh] on the side on which it would gain. One token with an extreme ratio moves a geometric mean
 * far less than GRPO's arithmetic one.
 *
 * An answer's advantage is the mean of its tokens'. Metrics: those of `policyLoss`, where the ratio is that of the
 * answer; `clip/low` and `clip/high`, shares of tokens whose gradient the bounds stop.
 */
export function gmpoLoss(batch: RolloutBatch, options: GmpoOptions): LossResult {
  const { logProbs, oldLogProbs, advantages, mask, totals } = batch;
  const advantage: Tensor2D = tf.expandDims(sequenceMeans(advantages, mask), 1);
  const log = logRatio(logProbs, oldLogProbs, mask);
  const near: Tensor2D = tf.clipByValue(log, -options.clipLow, options.clipHigh);
  const [positive, negative] = [tf.greater(advantage, 0), tf.less(advantage, 0)];
  const clipped: Tensor2D = tf.where(positive, tf.minimum(log, near), tf.maximum(log, near));
  const ratio: Tensor2D = tf.mul(tf.exp(tf.expandDims(sequenceMeans(clipped, mask), 1)), tf.onesLike(mask));
  return policyLoss(
    batch,
    {
      loss: tf.neg(tf.mul(ratio, advantage)),
      ratio,
      metrics: {
        'clip/low': share(tf.logicalAnd(tf.less(log, -options.clipLow), negative), mask, totals),
        'clip/high': share(tf.logicalAnd(tf.greater(log, options.clipHigh), positive), mask, totals),
      },
    },
    options,
  );
}

/** Geometric-mean policy optimization: `gmpoLoss` and `groupAdvantages` as a definition. */
export const gmpo = defineAlgorithm({
  name: 'gmpo',
  paper: {
    title: 'Geometric-Mean Policy Optimization',
    url: 'https://arxiv.org/abs/2507.20673',
    equations: 'the GMPO objective',
  },
  batch: 'rollout',
  options: gmpoOptions,
  needs: policyNeeds,
  advantages: groupRelative,
  loss: gmpoLoss,
});
