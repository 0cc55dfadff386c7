import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ListwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceMeans, sequenceSums } from '../masked.ts';
import {
  bestWeights,
  betterThan,
  columns,
  listMean,
  rankAccuracy,
  rows,
  stackAnswers,
} from './list-matrices.ts';

/** Options of RRHF. */
export const rrhfOptions = z.strictObject({
  /** Weight of the negative log-likelihood of the best answer; the paper's is 1. */
  sft: z.number().min(0).default(1),
});

/** Parsed options of RRHF. */
export type RrhfOptions = z.output<typeof rrhfOptions>;

/**
 * Rank responses to align human feedback: with p = mean log π over an answer's tokens, `Σ max(0, p_j − p_i)` over all
 * pairs with answer i rated above answer j, and the negative log-likelihood of the best answer, summed over its
 * tokens. Equals at the top share its place.
 *
 * Metrics: `accuracy`, the mean share of a list's pairs that are ranked right; `nll` of the best answer.
 */
export function rrhfLoss(batch: ListwiseBatch, { sft }: RrhfOptions): LossResult {
  const scores = stackAnswers(batch, ({ logProbs, mask }) => sequenceMeans(logProbs, mask));
  const better = betterThan(batch);
  const wrong = tf.relu(tf.sub(columns(scores), rows(scores)));
  const ranking = tf.sum(tf.mul(better, wrong), [1, 2]) as Tensor1D;
  const likelihood: Tensor2D = stackAnswers(batch, ({ logProbs, mask }) => sequenceSums(logProbs, mask));
  const nll = tf.neg(tf.sum(tf.mul(likelihood, bestWeights(batch)), 1)) as Tensor1D;
  return {
    loss: listMean(tf.add(ranking, tf.mul(nll, sft)), batch),
    metrics: { accuracy: listMean(rankAccuracy(scores, better), batch), nll: listMean(nll, batch) },
  };
}

/** Rank responses to align human feedback: `rrhfLoss` as a definition. */
export const rrhf = defineAlgorithm({
  name: 'rrhf',
  paper: {
    title: 'RRHF: Rank Responses to Align Language Models with Human Feedback without tears',
    url: 'https://arxiv.org/abs/2304.05302',
    equations: 'section 3, ranking and fine-tuning losses',
  },
  batch: 'listwise',
  options: rrhfOptions,
  loss: rrhfLoss,
});
