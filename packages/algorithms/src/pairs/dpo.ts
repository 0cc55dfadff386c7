import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult, type Needs } from '../definition.ts';
import { sequenceSums } from '../masked.ts';
import { lengths, tokenLogRatios } from '../sequences.ts';
import { aotCoupling } from './aot-coupling.ts';
import { chosenNll } from './chosen-nll.ts';
import { type PairScores, type PairVariant, pairLoss, pairVariants, variantWeights } from './dpo-variants.ts';
import { divergenceScore } from './f-divergence.ts';
import { lengthDesensitisedMasks } from './length-desensitised.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';
import { wpoWeights } from './wpo-weights.ts';

const variantName = z.enum([...pairVariants, 'sft']);

/** Options of DPO that its relatives share. */
export const dpoOptionFields = {
  /** Strength of the pull towards the reference model; the temperature of the implied reward. */
  beta: z.number().positive().default(0.1),
  /**
   * The loss, see `pairLoss`; or several with their weights, e.g. `{ sigmoid: 0.8, bco-pair: 0.2, sft: 1 }`, which is
   * MPO (arXiv 2411.10442). `sft` is the negative log-likelihood of the chosen tokens.
   */
  variant: z
    .union([
      variantName,
      z.partialRecord(variantName, z.number().positive()).check(({ value, issues }) => {
        if (issues.length === 0 && Object.keys(value).length === 0)
          issues.push({ code: 'custom', input: value, message: 'at least one loss with its weight' });
      }),
    ])
    .default('sigmoid'),
  /** Share of labels assumed flipped: `sigmoid` (cDPO), `robust`, `exo-pair` (0 means 0.001), both `aot`. */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
  /** What keeps the policy near its reference; see `divergenceScore`. */
  divergence: z.enum(['reverse-kl', 'forward-kl', 'js', 'alpha']).default('reverse-kl'),
  /** α of the `alpha` divergence. */
  divergenceAlpha: z.number().default(0.5),
  /** LD-DPO: weight of the tokens by which one answer is longer than the other; 1 is plain DPO. */
  ldAlpha: z.number().min(0).max(1).default(1),
  /** WPO: weigh each pair by how likely it is under the policy. Needs logits. */
  weighting: z.boolean().default(false),
  /** Temperature of `discopop`'s blend. */
  discopopTau: z.number().positive().default(0.05),
  /** TR-DPO (arXiv 2404.09656): the reference follows the policy; the paper's soft update. */
  referenceSync: z
    .strictObject({
      /** Optimizer steps between updates. */
      steps: z.number().int().positive().default(512),
      /** Share of the policy in the new reference; 1 replaces it (hard update). */
      mixup: z.number().gt(0).max(1).default(0.6),
    })
    .optional(),
};

/** Losses that see each answer's score under any divergence; the others are about log-ratios as they are. */
const divergent = ['sigmoid', 'robust', 'hinge', 'ipo', 'sigmoid-norm', 'exo-pair', 'discopop'];
/** Losses that know of flipped labels. */
const smoothed = ['sigmoid', 'robust', 'exo-pair', 'aot', 'aot-unpaired'];

/** Refuses what does not go together among the options that DPO and its relatives share. */
export function withDpoRules<S extends z.ZodType<DpoOptions>>(schema: S) {
  return schema.check(({ value, issues }) => {
    const { weighting, variant, divergence, labelSmoothing } = value;
    const names = Object.keys(variantWeights(variant));
    const refuse = (path: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [path], message });
    if (weighting && names.some((name) => name.startsWith('aot')))
      refuse(
        'weighting',
        'weighting weighs pairs, and aot compares answers of different pairs: choose one of them',
      );
    if (divergence !== 'reverse-kl' && !names.some((name) => divergent.includes(name)))
      refuse(
        'divergence',
        `divergence changes nothing of ${names.join(', ')}; it goes with ${divergent.join(', ')}`,
      );
    if (labelSmoothing > 0 && !names.some((name) => smoothed.includes(name)))
      refuse(
        'labelSmoothing',
        `labelSmoothing changes nothing of ${names.join(', ')}; it goes with ${smoothed.join(', ')}`,
      );
  });
}

const dpoFields = z.strictObject(dpoOptionFields);

/** Options of DPO. */
export const dpoOptions = withDpoRules(dpoFields);

/** Parsed options of DPO. */
export type DpoOptions = z.output<typeof dpoFields>;

/**
 * Direct preference optimization and its kin: `pairLoss` has the equations. All of them raise the chosen answer's
 * log-ratio log(π/π_ref) against the rejected one's. `ldAlpha` goes with each of them, `weighting` with all but AOT,
 * `divergence` and `labelSmoothing` with some; where they would change nothing they are refused.
 *
 * Differs from TRL: `labelSmoothing` smooths `sigmoid` too; `sft` is not weighed by `weighting`.
 *
 * Metrics: the implied rewards β log(π/π_ref) of both answers (sums over tokens, for `ipo` too), their margin, and
 * the share of pairs ranked right; a tie counts as wrong.
 */
export function dpoLoss(batch: PairwiseBatch, options: DpoOptions): LossResult {
  const { beta, variant, weighting } = options;
  const scores = pairScores(batch, options);
  const parts = Object.entries(variantWeights(variant)).map(([name, weight]): Scalar => {
    if (name === 'sft') return tf.mul(chosenNll(batch, 'dpo'), weight);
    const perPair = pairLoss(name as PairVariant, scores, batch, options);
    return tf.mul(pairMean(weighting ? tf.mul(perPair, wpoWeights(batch)) : perPair, batch), weight);
  });
  return {
    loss: parts.reduce((a, b) => tf.add(a, b)),
    metrics: pairMetrics(tf.mul(scores.chosenRatio, beta), tf.mul(scores.rejectedRatio, beta), batch),
  };
}

function pairScores(
  { chosen, rejected }: PairwiseBatch,
  { ldAlpha, divergence, divergenceAlpha }: DpoOptions,
): PairScores {
  const masks = lengthDesensitisedMasks({ chosen, rejected }, ldAlpha);
  const ratio = (side: SequenceLogProbs, mask: Tensor2D) => sequenceSums(tokenLogRatios(side, 'dpo'), mask);
  const chosenRatio = ratio(chosen, masks.chosen);
  const rejectedRatio = ratio(rejected, masks.rejected);
  const count = (mask: Tensor2D): Tensor1D => tf.maximum(lengths(mask), 1);
  return {
    chosenRatio,
    rejectedRatio,
    chosenScore: divergenceScore(chosenRatio, divergence, divergenceAlpha),
    rejectedScore: divergenceScore(rejectedRatio, divergence, divergenceAlpha),
    policyMargin: tf.sub(
      sequenceSums(chosen.logProbs, masks.chosen),
      sequenceSums(rejected.logProbs, masks.rejected),
    ),
    chosenLength: count(chosen.mask),
    rejectedLength: count(rejected.mask),
  };
}

/** What DPO's options ask for. */
export function dpoNeeds({ referenceSync, weighting }: DpoOptions): Needs {
  return { reference: true, referenceSync, logits: weighting };
}

/** Direct preference optimization: `dpoLoss` as a definition. */
export const dpo = defineAlgorithm({
  name: 'dpo',
  paper: {
    title: 'Direct Preference Optimization: Your Language Model is Secretly a Reward Model',
    url: 'https://arxiv.org/abs/2305.18290',
    equations: 'eq. 7; for its variants see pairs/dpo-variants.ts',
  },
  batch: 'pairwise',
  options: dpoOptions,
  needs: dpoNeeds,
  coupling: aotCoupling,
  loss: dpoLoss,
});
