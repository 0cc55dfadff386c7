import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { sequenceSums } from '../masked.ts';
import { required, sequenceLogRatios } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** Options of token-level DPO. */
export const tdpoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** `tdpo1`, or `tdpo2`, which the paper found better. */
  variant: z.enum(['tdpo1', 'tdpo2']).default('tdpo2'),
  /** Weight of the difference of divergences; only for `tdpo2`. */
  alpha: z.number().min(0).default(0.5),
});

/** Parsed options of token-level DPO. */
export type TdpoOptions = z.output<typeof tdpoOptions>;

/**
 * Token-level DPO. With DPO's difference of log-ratios h, and D the KL divergence of the reference from the policy
 * at each token, Σ_v π_ref log(π_ref / π), summed over an answer:
 * - `tdpo1`: −log σ(β (h − (D(rejected) − D(chosen))))
 * - `tdpo2`: −log σ(β (h − α (D(rejected) − sg(D(chosen)))))
 *
 * Metrics, as in the authors' code: those of `pairMetrics` with rewards β (log(π/π_ref) + D); `kl/chosen` and
 * `kl/rejected`, the mean of D.
 */
export function tdpoLoss(batch: PairwiseBatch, { beta, variant, alpha }: TdpoOptions): LossResult {
  const [chosen, rejected] = [batch.chosen, batch.rejected].map((side) => ({
    ratio: sequenceLogRatios(side, 'tdpo'),
    kl: forwardKl(side),
  })) as [Side, Side];
  const margin: Tensor1D = tf.sub(chosen.ratio, rejected.ratio);
  const drift: Tensor1D =
    variant === 'tdpo1'
      ? tf.sub(rejected.kl, chosen.kl)
      : tf.mul(tf.sub(rejected.kl, stopGradient(chosen.kl)), alpha);
  const reward = ({ ratio, kl }: Side): Tensor1D => tf.mul(tf.add(ratio, kl), beta);
  return {
    loss: pairMean(smoothedLogLoss(tf.mul(tf.sub(margin, drift), beta)), batch),
    metrics: {
      ...pairMetrics(reward(chosen), reward(rejected), batch),
      'kl/chosen': pairMean(chosen.kl, batch),
      'kl/rejected': pairMean(rejected.kl, batch),
    },
  };
}

interface Side {
  /** log(π/π_ref), `[batch]`. */
  ratio: Tensor1D;
  /** Sequential KL divergence KL(π_ref ‖ π), `[batch]`. */
  kl: Tensor1D;
}

/** KL(π_ref ‖ π) at each token, summed over the sequence, `[batch]`. */
function forwardKl({ logits, refLogits, mask }: SequenceLogProbs): Tensor1D {
  const policy = tf.logSoftmax(required(logits, 'tdpo', 'logits'));
  const reference = tf.logSoftmax(required(refLogits, 'tdpo', 'refLogits'));
  const perToken: Tensor2D = tf.sum(tf.mul(tf.exp(reference), tf.sub(reference, policy)), -1);
  return sequenceSums(perToken, mask);
}

/** Token-level DPO: `tdpoLoss` as a definition. */
export const tdpo = defineAlgorithm({
  name: 'tdpo',
  paper: {
    title: 'Token-level Direct Preference Optimization',
    url: 'https://arxiv.org/abs/2404.11999',
    equations: 'section 4, TDPO1 and TDPO2',
  },
  batch: 'pairwise',
  options: tdpoOptions,
  needs: () => ({ reference: true, logits: true }),
  loss: tdpoLoss,
});
