import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ListwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceMeans } from '../masked.ts';
import {
  bestWeights,
  betterThan,
  choiceLoss,
  columns,
  listMean,
  rankAccuracy,
  rows,
  stackAnswers,
} from './list-matrices.ts';

/** Options of PRO. */
export const proOptions = z.strictObject({
  /** Weight of the negative log-likelihood of the best answer; the paper takes 0.05 (n − 1)² for lists of n. */
  sft: z.number().min(0).default(0.05),
  /** Whether differences of ratings set the temperatures; otherwise they are 1. */
  temperatures: z.boolean().default(true),
});

/** Parsed options of PRO. */
export type ProOptions = z.output<typeof proOptions>;

/**
 * Preference ranking optimization: the best answer against all others, the second best against the rest, and so on.
 * With p = mean log π over an answer's tokens: `−Σ_k log(e^{p_k/T_k^k} / (e^{p_k/T_k^k} + Σ_{i worse} e^{p_i/T_k^i}))`,
 * where `T_k^i = 1 / (rating_k − rating_i)` and `T_k^k` is the least of them; and the negative log-likelihood of the
 * best answer, averaged over its tokens. Answers rated alike are not compared.
 *
 * Metrics: `accuracy`, the mean share of a list's pairs that are ranked right; `nll` of the best answer.
 */
export function proLoss(batch: ListwiseBatch, { sft, temperatures }: ProOptions): LossResult {
  const scores = stackAnswers(batch, ({ logProbs, mask }) => sequenceMeans(logProbs, mask));
  const better = betterThan(batch);
  let own = scores;
  let others = columns(scores);
  if (temperatures) {
    const gaps = tf.mul(tf.sub(rows(batch.ratings), columns(batch.ratings)), better);
    own = tf.mul(scores, tf.max(gaps, 2));
    others = tf.mul(others, gaps);
  }
  const ranking = tf.sum(tf.mul(choiceLoss(own, others, better), batch.present), 1) as Tensor1D;
  const nll = tf.neg(tf.sum(tf.mul(scores, bestWeights(batch)), 1)) as Tensor1D;
  return {
    loss: listMean(tf.add(ranking, tf.mul(nll, sft)), batch),
    metrics: { accuracy: listMean(rankAccuracy(scores, better), batch), nll: listMean(nll, batch) },
  };
}

/** Preference ranking optimization: `proLoss` as a definition. */
export const pro = defineAlgorithm({
  name: 'pro',
  paper: {
    title: 'Preference Ranking Optimization for Human Alignment',
    url: 'https://arxiv.org/abs/2306.17492',
    equations: 'section 3, the PRO loss with dynamic temperatures',
  },
  batch: 'listwise',
  options: proOptions,
  loss: proLoss,
});
