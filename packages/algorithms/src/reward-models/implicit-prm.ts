import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SequenceLogProbs, UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceLogRatios, tokenLogRatios } from '../sequences.ts';
import { byJudgement, unpairedMean, unpairedMetrics } from '../unpaired/unpaired-metrics.ts';

/** Options of an implicit process reward model. */
export const implicitPrmOptions = z.strictObject({
  /** Temperature of the implied reward. */
  beta: z.number().positive().default(0.05),
});

/** Parsed options of an implicit process reward model. */
export type ImplicitPrmOptions = z.output<typeof implicitPrmOptions>;

/**
 * An implicit process reward model: a language model whose log-ratio r = β log(π/π_ref) is trained as the logit of an
 * outcome, `−l log σ(r) − (1 − l) log σ(−r)`, and then rewards each step for nothing: `implicitTokenRewards`.
 * (Trained on pairs, the method is `dpo`.)
 *
 * Metrics: mean rewards of right and wrong answers and their difference; `accuracy`, the share of answers on the right
 * side of 0.
 */
export function implicitPrmLoss(batch: UnpairedBatch, { beta }: ImplicitPrmOptions): LossResult {
  const rewards: Tensor1D = tf.mul(sequenceLogRatios(batch, 'implicit-prm'), beta);
  const perExample = byJudgement(batch, tf.softplus(tf.neg(rewards)), tf.softplus(rewards));
  const right: Tensor1D = tf.greater(tf.mul(rewards, tf.sub(tf.mul(batch.desirable, 2), 1)), 0);
  return {
    loss: unpairedMean(perExample, batch),
    metrics: {
      ...unpairedMetrics(rewards, batch, 'implicit-prm'),
      accuracy: unpairedMean(tf.cast(right, 'float32'), { ...batch, weights: undefined }),
    },
  };
}

/**
 * The reward of each token, β log(π/π_ref), `[batch, seq]`. A step's process reward is the sum over its tokens, the
 * difference of the Q values at its ends.
 */
export function implicitTokenRewards(sequences: SequenceLogProbs, beta: number): Tensor2D {
  return tf.mul(tf.mul(tokenLogRatios(sequences, 'implicit-prm'), sequences.mask), beta);
}

/** An implicit process reward model: `implicitPrmLoss` as a definition. */
export const implicitPrm = defineAlgorithm({
  name: 'implicit-prm',
  paper: {
    title: 'Free Process Rewards without Process Labels',
    url: 'https://arxiv.org/abs/2412.01981',
    equations: 'sections 3 and 4',
  },
  batch: 'unpaired',
  options: implicitPrmOptions,
  needs: () => ({ reference: true }),
  loss: implicitPrmLoss,
});
