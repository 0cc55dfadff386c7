import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import type { Coupling } from '../definition.ts';
import { sequenceSums } from '../masked.ts';
import { required } from '../sequences.ts';
import type { DpoOptions } from './dpo.ts';
import { variantWeights } from './dpo-variants.ts';
import { lengthDesensitisedMasks } from './length-desensitised.ts';

/**
 * Alignment via optimal transport (AOT; Melnyk et al., arXiv 2406.05882, alg. 1) compares sorted lists over the whole
 * step: in one dimension, the optimal plan matches the k-th smallest of one list with the k-th smallest of the other.
 * So each example needs one number of another example, its partner's:
 * - `aot`: the log-ratio chosen/rejected under the policy against the one under the reference of the same rank.
 * - `aot-unpaired`: log(π/π_ref) of a chosen answer against the rejected answer of the same rank, and the reverse.
 */
export const aotCoupling: Coupling<'pairwise', DpoOptions> = {
  applies: (options) => {
    const weights = variantWeights(options.variant);
    return weights.aot !== undefined || weights['aot-unpaired'] !== undefined;
  },
  measure: (batch: PairwiseBatch, { ldAlpha }) => {
    const masks = lengthDesensitisedMasks(batch, ldAlpha);
    const sums = ({ logProbs, refLogProbs }: SequenceLogProbs, mask: tf.Tensor2D) => ({
      policy: sequenceSums(logProbs, mask),
      reference: sequenceSums(required(refLogProbs, 'dpo', 'refLogProbs'), mask),
    });
    const chosen = sums(batch.chosen, masks.chosen);
    const rejected = sums(batch.rejected, masks.rejected);
    return {
      policy: tf.sub(chosen.policy, rejected.policy),
      reference: tf.sub(chosen.reference, rejected.reference),
      chosen: tf.sub(chosen.policy, chosen.reference),
      rejected: tf.sub(rejected.policy, rejected.reference),
    };
  },
  combine: ({ policy, reference, chosen, rejected }) => ({
    coupled: {
      referencePartner: sameRank(policy!, reference!),
      rejectedPartner: sameRank(chosen!, rejected!),
      chosenPartner: sameRank(rejected!, chosen!),
    },
  }),
};

/** For each of `values` the one of `others` that has the same rank in its own list. */
export function sameRank(values: Float32Array, others: Float32Array): Float32Array {
  const sorted = Float32Array.from(others).sort();
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  const partners = new Float32Array(values.length);
  for (const [rank, i] of order.entries()) partners[i] = sorted[rank]!;
  return partners;
}
