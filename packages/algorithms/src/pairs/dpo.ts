import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { exampleMean, sequenceMeans, sequenceSums } from '../masked.ts';

/** Options of DPO. */
export const dpoOptions = z.strictObject({
  /** Strength of the pull towards the reference model; the temperature of the implied reward. */
  beta: z.number().positive().default(0.1),
  /**
   * How the margin between chosen and rejected becomes a loss: `sigmoid` (DPO, eq. 7), `ipo` (IPO,
   * arXiv 2310.12036 eq. 17, on log-ratios averaged over tokens, as its authors advise), `hinge` (SLiC, arXiv 2305.10425).
   */
  variant: z.enum(['sigmoid', 'ipo', 'hinge']).default('sigmoid'),
  /** Share of labels assumed flipped (conservative DPO); only for `sigmoid`. */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
});

/** Parsed options of DPO. */
export type DpoOptions = z.output<typeof dpoOptions>;

/**
 * Direct preference optimization. With h = log(π/π_ref)(chosen) − log(π/π_ref)(rejected):
 * - `sigmoid`: −(1 − ε) log σ(βh) − ε log σ(−βh), where ε is `labelSmoothing`
 * - `ipo`: (h − 1/(2β))², the log-ratios averaged over tokens
 * - `hinge`: max(0, 1 − βh)
 *
 * Metrics: the implied rewards β log(π/π_ref) of both answers (sums over tokens, for `ipo` too), their margin, and
 * the share of pairs ranked right; a tie counts as wrong.
 */
export function dpoLoss({ chosen, rejected, totals }: PairwiseBatch, options: DpoOptions): LossResult {
  const ratios = [policyRatio(chosen), policyRatio(rejected)] as const;
  const chosenRatio = sequenceSums(ratios[0], chosen.mask);
  const rejectedRatio = sequenceSums(ratios[1], rejected.mask);
  const margin: Tensor1D = tf.sub(chosenRatio, rejectedRatio);
  const optimised: Tensor1D =
    options.variant === 'ipo'
      ? tf.sub(sequenceMeans(ratios[0], chosen.mask), sequenceMeans(ratios[1], rejected.mask))
      : margin;
  const implied = (values: Tensor1D): Scalar => tf.mul(exampleMean(values, totals), options.beta);
  return {
    loss: exampleMean(pairLoss(optimised, options), totals),
    metrics: {
      'rewards/chosen': implied(chosenRatio),
      'rewards/rejected': implied(rejectedRatio),
      'rewards/margin': implied(margin),
      'rewards/accuracy': exampleMean(tf.cast(tf.greater(margin, 0), 'float32'), totals),
    },
  };
}

/** log(π/π_ref) of each token, `[batch, seq]`. */
function policyRatio({ logProbs, refLogProbs }: SequenceLogProbs): Tensor2D {
  if (!refLogProbs) throw new Error('dpo: the batch lacks refLogProbs; the reference model has not been run');
  return tf.sub(logProbs, refLogProbs);
}

/** The loss of each pair, `[batch]`. */
function pairLoss(margin: Tensor1D, { beta, variant, labelSmoothing }: DpoOptions): Tensor1D {
  const logits: Tensor1D = tf.mul(margin, beta);
  switch (variant) {
    case 'sigmoid': {
      // −log σ(z) = softplus(−z), which neither overflows nor loses small values.
      const right: Tensor1D = tf.mul(tf.softplus(tf.neg(logits)), 1 - labelSmoothing);
      return labelSmoothing === 0 ? right : tf.add(right, tf.mul(tf.softplus(logits), labelSmoothing));
    }
    case 'ipo':
      return tf.square(tf.sub(margin, 1 / (2 * beta)));
    case 'hinge':
      return tf.relu(tf.sub(1, logits));
  }
}

/** Direct preference optimization: `dpoLoss` as a definition. */
export const dpo = defineAlgorithm({
  name: 'dpo',
  paper: {
    title: 'Direct Preference Optimization: Your Language Model is Secretly a Reward Model',
    url: 'https://arxiv.org/abs/2305.18290',
    equations: 'eq. 7',
  },
  batch: 'pairwise',
  options: dpoOptions,
  needs: () => ({ reference: true }),
  loss: dpoLoss,
});
