import type { Scalar } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { byGroup } from '../advantages/group.ts';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { dpoLoss, dpoOptions } from '../pairs/dpo.ts';
import type { Advantages, AnswerPair, Rollout } from '../rollout.ts';
import { bestAgainstWorst } from '../rounds.ts';
import { type PpoOptions, ppoAdvantages, ppoLoss, ppoNeeds, ppoShape } from './ppo.ts';

/** Options of UPO: those of PPO, and of the preferences. */
export const upoOptions = z.strictObject({
  ...ppoShape,
  /**
   * Where pairs come from: `online`, by rejection sampling from the rollout (the best answer to a prompt against the
   * worst); `offline`, from preference data prepared before.
   */
  preferences: z.enum(['online', 'offline']).default('online'),
  /** Weight of the preference loss beside PPO's. */
  preferenceCoefficient: z.number().positive().default(1),
  /** β of the preference loss (DPO). */
  preferenceBeta: z.number().positive().default(0.1),
  /** Online: least difference of rewards that makes a pair. */
  leastMargin: z.number().min(0).default(0),
});

/** Parsed options of UPO. */
export type UpoOptions = z.output<typeof upoOptions>;

/** PPO's advantages; with online preferences also the pairs. Metric `pairs`: how many a prompt. */
export function upoAdvantages(rollout: Rollout, options: UpoOptions, state?: unknown): Advantages {
  const found = ppoAdvantages(rollout, options, state);
  if (options.preferences === 'offline') return found;
  const pairs = rejectionSampledPairs(rollout, options.leastMargin);
  const prompts = rollout.rewards.length / rollout.groupSize;
  return { ...found, pairs, metrics: { ...found.metrics, pairs: pairs.length / prompts } };
}

/**
 * The best answer to each prompt against its worst, where their rewards differ.
 * @param leastMargin by how much at least
 * @throws when `groupSize` is below 2
 */
export function rejectionSampledPairs(
  { rewards, groupSize }: Pick<Rollout, 'rewards' | 'groupSize'>,
  leastMargin = 0,
): AnswerPair[] {
  if (groupSize < 2)
    throw new Error(
      `upo with online preferences compares the answers to a prompt: it needs groupSize >= 2, found ${groupSize}`,
    );
  const pairs: AnswerPair[] = [];
  byGroup({ rewards, groupSize }, (scores, prompt) => {
    for (const { chosen, rejected, margin = 0 } of bestAgainstWorst({ scores })) {
      const first = prompt * groupSize;
      if (margin >= leastMargin) pairs.push({ chosen: first + chosen, rejected: first + rejected });
    }
    return scores;
  });
  return pairs;
}

/**
 * Unified preference optimization (ERNIE 4.5): PPO's loss plus a DPO loss over pairs of answers, which its authors report
 * to curb reward hacking and to steady training.
 *
 * The report gives no equation for the weights: the sum is `PPO + preferenceCoefficient · DPO(preferenceBeta)`. A
 * micro-batch without pairs has PPO's loss alone.
 *
 * Metrics: those of `ppoLoss`; `preference/loss`, and `preference/accuracy` and `preference/margin` as DPO has them.
 */
export function upoLoss(batch: RolloutBatch, options: UpoOptions): LossResult {
  const ppo = ppoLoss(batch, options as PpoOptions);
  const preference = batch.pairwise
    ? dpoLoss(batch.pairwise, dpoOptions.parse({ beta: options.preferenceBeta }))
    : undefined;
  const part = (value: Scalar | undefined): Scalar => value ?? tf.scalar(0);
  const loss = part(preference?.loss);
  return {
    loss: tf.add(ppo.loss, tf.mul(loss, options.preferenceCoefficient)),
    metrics: {
      ...ppo.metrics,
      'preference/loss': loss,
      'preference/accuracy': part(preference?.metrics['rewards/accuracy']),
      'preference/margin': part(preference?.metrics['rewards/margin']),
    },
  };
}

/** Unified preference optimization: `upoLoss` and `upoAdvantages` as a definition. */
export const upo = defineAlgorithm({
  name: 'upo',
  paper: {
    title: 'ERNIE 4.5 Technical Report',
    url: 'https://yiyan.baidu.com/blog/publication/ERNIE_Technical_Report.pdf',
    equations: 'unified preference optimization, in words',
  },
  batch: 'rollout',
  options: upoOptions,
  needs: (options) => {
    const needs = ppoNeeds(options as PpoOptions);
    const offline = options.preferences === 'offline';
    return {
      ...needs,
      reference: true,
      beside: [...(needs.beside ?? []), ...(offline ? (['pairwise'] as const) : [])],
      pairs: !offline,
    };
  },
  advantages: upoAdvantages,
  loss: upoLoss,
});
