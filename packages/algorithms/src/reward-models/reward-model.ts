import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { sequenceSums } from '../masked.ts';
import { pairMean, pairMetrics } from '../pairs/pair-metrics.ts';
import { pairScores } from './pair-scores.ts';

/** Options of a reward model on pairs. */
export const rewardModelOptions = z.strictObject({
  /** Weight of the ranking loss (λ of the mixed loss). */
  ranking: z.number().min(0).default(1),
  /** Weight of imitating the chosen answers with the same model's language head (β_rm of the mixed loss). */
  imitation: z.number().min(0).default(0),
  /** How much of the data's margins the scores should differ by (Llama 2, arXiv 2307.09288 eq. 2); 0 ignores them. */
  margin: z.number().min(0).default(1),
  /** Weight of (r(chosen) + r(rejected))², which centres the scores at 0 (arXiv 2312.09244); TRL advises 0.01. */
  center: z.number().min(0).default(0),
  /** Weight of r(chosen)² + r(rejected)², which keeps the scores small (Safe RLHF, arXiv 2310.12773). */
  l2: z.number().min(0).default(0),
  /** Share of labels assumed flipped. */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
});

/** Parsed options of a reward model on pairs. */
export type RewardModelOptions = z.output<typeof rewardModelOptions>;

/**
 * A reward model by Bradley and Terry: the score r at each answer's last token is the logit of being preferred,
 * `−log σ(r(chosen) − r(rejected) − margin · m)`, with m from the data where it has margins.
 *
 * With `imitation` it is the mixed loss `−λ E[log σ(r(chosen) − r(rejected))] − β_rm E[log r′(chosen)]`, where r′ is the
 * likelihood of the chosen answer (summed over its tokens) under the same model with its language head.
 *
 * Metrics: those of `pairMetrics` with the scores as rewards; `nll` of the chosen answers with `imitation`.
 */
export function rewardModelLoss(batch: PairwiseBatch, options: RewardModelOptions): LossResult {
  const { chosen, rejected } = pairScores(batch, 'reward-model');
  const difference: Tensor1D = tf.sub(chosen, rejected);
  const logit: Tensor1D =
    batch.margins && options.margin > 0
      ? tf.sub(difference, tf.mul(batch.margins, options.margin))
      : difference;
  const perPair: Tensor1D[] = [tf.mul(smoothedLogLoss(logit, options.labelSmoothing), options.ranking)];
  if (options.center > 0) perPair.push(tf.mul(tf.square(tf.add(chosen, rejected)), options.center));
  if (options.l2 > 0)
    perPair.push(tf.mul(tf.add(tf.square(chosen), tf.square(rejected)) as Tensor1D, options.l2));

  const metrics: Record<string, Scalar> = pairMetrics(chosen, rejected, batch);
  if (options.imitation > 0) {
    const nll: Tensor1D = tf.neg(sequenceSums(batch.chosen.logProbs, batch.chosen.mask));
    perPair.push(tf.mul(nll, options.imitation));
    metrics.nll = pairMean(nll, batch);
  }
  return {
    loss: pairMean(
      perPair.reduce((a, b) => tf.add(a, b)),
      batch,
    ),
    metrics,
  };
}

/** A Bradley-Terry reward model: `rewardModelLoss` as a definition. */
export const rewardModel = defineAlgorithm({
  name: 'reward-model',
  paper: {
    title: 'Training language models to follow instructions with human feedback',
    url: 'https://arxiv.org/abs/2203.02155',
    equations:
      'eq. 1; mixed loss: A General Language Assistant as a Laboratory for Alignment, arXiv 2112.00861',
  },
  batch: 'pairwise',
  options: rewardModelOptions,
  needs: () => ({ head: 'after' }),
  loss: rewardModelLoss,
});
