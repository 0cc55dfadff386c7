import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { pairMean, pairMetrics } from '../pairs/pair-metrics.ts';
import { type JudgedAnswers, type RoundExamples, winRates } from '../rounds.ts';
import { required, sequenceLogRatios } from '../sequences.ts';

/** Options of DNO. */
export const dnoOptions = z.strictObject({
  /** Strength of the pull towards the policy that began the round (η in the paper). */
  beta: z.number().positive().default(0.1),
  /**
   * `soft`: the pair's label is σ(r(chosen) − r(rejected)) of the win rates r, as in algorithm 1; `hard`: 1, as in
   * the practical algorithm 2.
   */
  labels: z.enum(['soft', 'hard']).default('hard'),
  /** Answers of the policy to each prompt. */
  samples: z.number().int().min(1).default(5),
  /** Answers of the data (a better model's, "gold" in the paper) that take part. */
  gold: z.number().int().min(0).default(1),
  /** Least difference of win rates for two answers to become a pair. */
  minMargin: z.number().gt(0).lt(1).default(0.25),
});

/** Parsed options of DNO. */
export type DnoOptions = z.output<typeof dnoOptions>;

/**
 * Direct Nash optimization: each round, answers of the policy and of the data are compared by win rates r (the mean
 * probability of beating the policy's answers), pairs with a large difference are kept, and the policy learns
 * `−p log σ(z) − (1 − p) log σ(−z)`, where z is DPO's β (difference of log-ratios) to the policy that began the round.
 *
 * Differs from the paper: its annotator's scores choose the pairs of algorithm 2; here the win rates do.
 *
 * Metrics: those of `pairMetrics` with DPO's rewards.
 */
export function dnoLoss(batch: PairwiseBatch, { beta, labels }: DnoOptions): LossResult {
  const chosen: Tensor1D = tf.mul(sequenceLogRatios(batch.chosen, 'dno'), beta);
  const rejected: Tensor1D = tf.mul(sequenceLogRatios(batch.rejected, 'dno'), beta);
  const logit: Tensor1D = tf.sub(chosen, rejected);
  let perPair: Tensor1D = tf.softplus(tf.neg(logit));
  if (labels === 'soft') {
    const p: Tensor1D = tf.sigmoid(
      required(batch.margins, 'dno', 'margins, the differences of win rates that soft labels are made of'),
    );
    perPair = tf.add(tf.mul(p, perPair), tf.mul(tf.sub(1, p), tf.softplus(logit)));
  }
  return { loss: pairMean(perPair, batch), metrics: pairMetrics(chosen, rejected, batch) };
}

/** All pairs of answers to a prompt whose win rates against the policy's answers differ enough. */
export function dnoExamples(judged: JudgedAnswers, minMargin: number): RoundExamples['pairwise'][] {
  const places = Array.from(judged.from.keys());
  const rates = winRates(
    judged,
    places.filter((place) => judged.from[place] === 'policy'),
  );
  return places.flatMap((chosen) =>
    places
      .map((rejected) => ({ chosen, rejected, margin: rates[chosen]! - rates[rejected]! }))
      .filter(({ margin }) => margin >= minMargin),
  );
}

/** Direct Nash optimization: `dnoLoss` as a definition. */
export const dno = defineAlgorithm({
  name: 'dno',
  paper: {
    title: 'Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences',
    url: 'https://arxiv.org/abs/2404.03715',
    equations: 'algorithms 1 and 2',
  },
  batch: 'pairwise',
  options: dnoOptions,
  needs: ({ labels }) => ({ reference: true, margins: labels === 'soft' }),
  rounds: ({ samples, gold, minMargin }) => ({
    every: 'round',
    answers: [
      { from: 'policy', count: samples },
      ...(gold > 0 ? [{ from: 'data' as const, count: gold }] : []),
    ],
    judge: 'preferences',
    reference: 'round',
    examples: (judged) => dnoExamples(judged, minMargin),
  }),
  loss: dnoLoss,
});
