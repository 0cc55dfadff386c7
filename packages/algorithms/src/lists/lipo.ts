import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ListwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceLogRatios } from '../sequences.ts';
import { withoutGradient } from '../stop-gradient.ts';
import { betterThan, columns, listMean, rankAccuracy, rows, stackAnswers } from './list-matrices.ts';

/** Options of LiPO. */
export const lipoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** `lambda` weighs pairs by what swapping them would cost the ranking (LambdaLoss); `none` weighs all alike. */
  weights: z.enum(['lambda', 'none']).default('lambda'),
});

/** Parsed options of LiPO. */
export type LipoOptions = z.output<typeof lipoOptions>;

/** Ratings are cut here before 2^rating: a million to one. */
const MAX_RATING = 20;

/**
 * Listwise preference optimization (LiPO-λ): with scores s = β log(π/π_ref) and ratings ψ, for all pairs with ψ_i > ψ_j
 * `Σ Δ_ij log(1 + e^{−(s_i − s_j)})` where `Δ_ij = |2^ψ_i − 2^ψ_j| · |1/log(1 + τ_i) − 1/log(1 + τ_j)|`
 * and τ is the rank of an answer by its present score (no gradient). Ratings between 0 and 1 are meant; above 20 they
 * are cut. Of equal scores (all are, while the policy is its reference) the answer that stands earlier in the list ranks
 * first: shared ranks would make Δ and every gradient 0.
 *
 * Metrics: `accuracy`, the mean share of a list's pairs that are ranked right; `rewards/spread`, the score of the
 * best-rated pair's better answer less the worse one's, averaged over pairs.
 */
export function lipoLoss(batch: ListwiseBatch, { beta, weights }: LipoOptions): LossResult {
  const scores: Tensor2D = tf.mul(
    stackAnswers(batch, (answer) => sequenceLogRatios(answer, 'lipo')),
    beta,
  );
  const better = betterThan(batch);
  const gap = tf.sub(rows(scores), columns(scores));
  const weighed = weights === 'lambda' ? tf.mul(better, lambdaWeights(scores, batch)) : better;
  const perList = tf.sum(tf.mul(weighed, tf.softplus(tf.neg(gap))), [1, 2]) as Tensor1D;
  const pairs = tf.maximum(tf.sum(better, [1, 2]), 1);
  return {
    loss: listMean(perList, batch),
    metrics: {
      accuracy: listMean(rankAccuracy(scores, better), batch),
      'rewards/spread': listMean(tf.div(tf.sum(tf.mul(gap, better), [1, 2]), pairs), batch),
    },
  };
}

/** Δ_ij, a constant, `[batch, i, j]`. */
function lambdaWeights(scores: Tensor2D, { ratings, present }: ListwiseBatch): Tensor3D {
  const rank = withoutGradient(scores, (s): Tensor2D => {
    const above = tf.cast(tf.greater(columns(s), rows(s)), 'float32');
    const places = Array.from({ length: s.shape[1] }, (_, i) => i);
    const earlier = tf.tensor2d(places.map((i) => places.map((j) => (j < i ? 1 : 0))));
    const equal = tf.mul(tf.cast(tf.equal(columns(s), rows(s)), 'float32'), earlier);
    return tf.add(tf.sum(tf.mul(tf.add(above, equal), columns(present)), 2), 1);
  });
  const discount: Tensor2D = tf.reciprocal(tf.log1p(rank));
  const gain: Tensor2D = tf.pow(tf.scalar(2), tf.minimum(ratings, MAX_RATING));
  return tf.mul(tf.abs(tf.sub(rows(gain), columns(gain))), tf.abs(tf.sub(rows(discount), columns(discount))));
}

/** Listwise preference optimization: `lipoLoss` as a definition. */
export const lipo = defineAlgorithm({
  name: 'lipo',
  paper: {
    title: 'LiPO: Listwise Preference Optimization through Learning-to-Rank',
    url: 'https://arxiv.org/abs/2402.01878',
    equations: 'section 4.2, LiPO-λ',
  },
  batch: 'listwise',
  options: lipoOptions,
  needs: () => ({ reference: true }),
  loss: lipoLoss,
});
