import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { stopGradient } from '../stop-gradient.ts';
import { share } from './clipped-surrogate.ts';
import { groupOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of CISPO. */
export const cispoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean' }),
  /** The weight is at least 1 − clipLow; 1, no lower bound, as in the paper's experiments. */
  clipLow: z.number().min(0).max(1).default(1),
  /** The weight is at most 1 + clipHigh. TRL's `epsilon_high` is this plus 1. */
  clipHigh: z.number().min(0).default(4),
  ...groupOptions,
});

/** Parsed options of CISPO. */
export type CispoOptions = z.output<typeof cispoOptions>;

/**
 * Clipped importance sampling policy optimization (MiniMax-M1, eq. 4, 5): `−sg[clip(r, 1 − clipLow, 1 + clipHigh)] A log π`.
 * PPO's clip stops the gradient of tokens that moved far; here only their weight is bounded, so that rare tokens that
 * turn a line of thought keep being learned.
 *
 * Metrics: those of `policyLoss`; `clip/low` and `clip/high`, shares of tokens whose weight is cut.
 */
export function cispoLoss(batch: RolloutBatch, options: CispoOptions): LossResult {
  const { logProbs, oldLogProbs, advantages, mask, totals } = batch;
  const [low, high] = [1 - options.clipLow, 1 + options.clipHigh];
  const ratio: Tensor2D = tf.exp(logRatio(logProbs, oldLogProbs, mask));
  const weight = stopGradient(tf.clipByValue(ratio, low, high) as Tensor2D);
  return policyLoss(
    batch,
    {
      loss: tf.neg(tf.mul(tf.mul(weight, advantages), tf.mul(logProbs, mask))),
      ratio,
      metrics: {
        'clip/low': share(tf.less(ratio, low), mask, totals),
        'clip/high': share(tf.greater(ratio, high), mask, totals),
      },
    },
    options,
  );
}

/** Clipped importance sampling policy optimization: `cispoLoss` and `groupAdvantages` as a definition. */
export const cispo = defineAlgorithm({
  name: 'cispo',
  paper: {
    title: 'MiniMax-M1: Scaling Test-Time Compute Efficiently with Lightning Attention',
    url: 'https://arxiv.org/abs/2506.13585',
    equations: 'eq. 4, 5',
  },
  batch: 'rollout',
  options: cispoOptions,
  needs: policyNeeds,
  advantages: groupRelative,
  loss: cispoLoss,
});
