import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { type JudgedAnswers, type RoundExamples, winRates } from '../rounds.ts';
import { sequenceLogRatios } from '../sequences.ts';
import { unpairedMean } from '../unpaired/unpaired-metrics.ts';

/** Options of SPPO. */
export const sppoOptions = z.strictObject({
  /** Inverse step size of the multiplicative weights (1/η). The paper's η is 1000. */
  beta: z.number().positive().default(0.001),
  /** Answers to sample to each prompt (K in the paper). */
  samples: z.number().int().min(2).default(5),
  /** `extremes`: the answers with the highest and the lowest win rate (the paper's runs); `all` of them. */
  keep: z.enum(['extremes', 'all']).default('extremes'),
});

/** Parsed options of SPPO. */
export type SppoOptions = z.output<typeof sppoOptions>;

/**
 * Self-play preference optimization: each round regresses the log-ratio of an answer to the win rate P that it has
 * against the policy π_t which began the round, `(log(π/π_t) − (P − ½)/β)²` (eq. 4.7): multiplicative weights towards
 * the Nash equilibrium. P is the mean probability of beating the other answers to the prompt. The batch's `desirable`
 * holds P, its reference is π_t. (On pairs, with P taken as 1 and 0: `dpo` with `variant: sppo-hard`.)
 *
 * Metrics: `log-ratio` and `win-rate`, means; `accuracy`, the share of answers whose log-ratio has the sign of P − ½.
 */
export function sppoLoss(batch: UnpairedBatch, { beta }: SppoOptions): LossResult {
  const ratio = sequenceLogRatios(batch, 'sppo');
  const advantage: Tensor1D = tf.sub(batch.desirable, 0.5);
  const unweighed = { ...batch, weights: undefined };
  const right: Tensor1D = tf.greater(tf.mul(ratio, advantage), 0);
  return {
    loss: unpairedMean(tf.square(tf.sub(ratio, tf.div(advantage, beta))), batch),
    metrics: {
      'log-ratio': unpairedMean(ratio, unweighed),
      'win-rate': unpairedMean(batch.desirable, unweighed),
      accuracy: unpairedMean(tf.cast(right, 'float32'), unweighed),
    },
  };
}

/** What the answers to a prompt become: each with its win rate, or the two extremes; none when all are equal. */
export function sppoExamples(judged: JudgedAnswers, keep: SppoOptions['keep']): RoundExamples['unpaired'][] {
  const rates = winRates(judged);
  const highest = rates.indexOf(Math.max(...rates));
  const lowest = rates.indexOf(Math.min(...rates));
  if (rates.length === 0 || rates[highest] === rates[lowest]) return [];
  const kept = keep === 'all' ? Array.from(rates.keys()) : [highest, lowest];
  return kept.map((answer) => ({ answer, desirable: rates[answer]! }));
}

/** Self-play preference optimization: `sppoLoss` as a definition. */
export const sppo = defineAlgorithm({
  name: 'sppo',
  paper: {
    title: 'Self-Play Preference Optimization for Language Model Alignment',
    url: 'https://arxiv.org/abs/2405.00675',
    equations: 'eq. 4.7, algorithm 1',
  },
  batch: 'unpaired',
  options: sppoOptions,
  needs: () => ({ reference: true }),
  rounds: ({ samples, keep }) => ({
    every: 'round',
    answers: [{ from: 'policy', count: samples }],
    judge: 'preferences',
    reference: 'round',
    examples: (judged) => sppoExamples(judged, keep),
  }),
  loss: sppoLoss,
});
