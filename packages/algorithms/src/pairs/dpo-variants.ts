import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch } from '../batches.ts';
import { logSigmoid, smoothedLogLoss } from '../log-sigmoid.ts';
import { coupled } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';
import type { DpoOptions } from './dpo.ts';

/** Names of the losses that `dpo` knows, except for `sft`, which is no function of the pair alone. */
export const pairVariants = [
  'sigmoid',
  'hinge',
  'ipo',
  'exo-pair',
  'nca-pair',
  'robust',
  'bco-pair',
  'sppo-hard',
  'aot',
  'aot-unpaired',
  'apo-zero',
  'apo-down',
  'discopop',
  'sigmoid-norm',
] as const;

/** A loss of a pair. */
export type PairVariant = (typeof pairVariants)[number];

/** A loss, or several with their weights. */
export type VariantChoice = PairVariant | 'sft' | Partial<Record<PairVariant | 'sft', number>>;

/** The weight of each chosen loss. */
export function variantWeights(variant: VariantChoice): Partial<Record<PairVariant | 'sft', number>> {
  return typeof variant === 'string' ? { [variant]: 1 } : variant;
}

/** What the losses of a pair are made of, `[batch]` each. */
export interface PairScores {
  /** log(π/π_ref) of each answer. */
  chosenRatio: Tensor1D;
  rejectedRatio: Tensor1D;
  /** The same as the divergence sees it: f′(π/π_ref). */
  chosenScore: Tensor1D;
  rejectedScore: Tensor1D;
  /** log π(chosen) − log π(rejected), without the reference. */
  policyMargin: Tensor1D;
  /** Tokens of each answer, at least 1. */
  chosenLength: Tensor1D;
  rejectedLength: Tensor1D;
}

/** e^(−z) of DiscoPOP is cut at e²⁰; there, its share of the blend is 0. */
const MAX_EXPONENT = 20;

/**
 * The loss of each pair, `[batch]`. With a = log(π/π_ref)(chosen), b the same of the rejected answer, h = a − b
 * (under another divergence: of the scores f′), z = βh, and ε = `labelSmoothing`:
 *
 * | variant | loss | source |
 * |---|---|---|
 * | `sigmoid` | −(1 − ε) log σ(z) − ε log σ(−z) | DPO, 2305.18290 eq. 7; with ε cDPO |
 * | `robust` | (−(1 − ε) log σ(z) + ε log σ(−z)) / (1 − 2ε) | robust DPO, 2403.00409 |
 * | `hinge` | max(0, 1 − z) | SLiC, 2305.10425; RSO, 2309.06657 |
 * | `ipo` | (h − 1/(2β))², a and b averaged over tokens | IPO, 2310.12036 eq. 17; the mean is its authors' advice |
 * | `sigmoid-norm` | −log σ(z), a and b averaged over tokens | Tülu 3, 2411.15124 |
 * | `exo-pair` | KL((σ(z), σ(−z)) ‖ (1 − ε, ε)) | EXO, 2402.00856 eq. 16 |
 * | `nca-pair` | −log σ(βa) − ½ log σ(−βa) − ½ log σ(−βb) | NCA, 2402.05369 |
 * | `bco-pair` | −log σ(βa) − log σ(−βb) | BCO, 2404.04656, without its shift δ |
 * | `sppo-hard` | (a − 1/(2β))² + (b + 1/(2β))² | SPPO, 2405.00675 eq. 4.7 with P = 1 and 0 |
 * | `aot` | −log σ(β(k-th smallest policy margin − k-th smallest reference margin)), smoothed | AOT, 2406.05882 |
 * | `aot-unpaired` | −log σ(β(k-th smallest a − k-th smallest b)), smoothed | AOT, 2406.05882 |
 * | `apo-zero` | 1 − σ(βa) + σ(βb) | APO, 2408.06266 eq. 7 |
 * | `apo-down` | σ(βa) + 1 − σ(β(a − b)) | APO, 2408.06266 eq. 8 |
 * | `discopop` | (1 − m)(−log σ(z)) + m e^(−z), m = σ(z/τ) | DiscoPOP, 2406.08414 eq. 5 |
 *
 * `discopop` is not monotone: with τ = 0.05 its slope at z = 0, where training begins, is +0.78, so that it lowers the
 * margin before noise carries it over the hump.
 */
export function pairLoss(
  variant: PairVariant,
  scores: PairScores,
  batch: PairwiseBatch,
  options: DpoOptions,
): Tensor1D {
  const { beta, labelSmoothing: flipped } = options;
  const { chosenRatio, rejectedRatio, chosenScore, rejectedScore } = scores;
  const scaled = (x: Tensor1D): Tensor1D => tf.mul(x, beta);
  const z = scaled(tf.sub(chosenScore, rejectedScore));
  const averaged = (): Tensor1D =>
    tf.sub(tf.div(chosenScore, scores.chosenLength), tf.div(rejectedScore, scores.rejectedLength));
  switch (variant) {
    case 'sigmoid':
      return smoothedLogLoss(z, flipped);
    case 'robust': {
      const clean: Tensor1D = tf.mul(tf.softplus(tf.neg(z)), 1 - flipped);
      return tf.div(tf.sub(clean, tf.mul(tf.softplus(z), flipped)), 1 - 2 * flipped);
    }
    case 'hinge':
      return tf.relu(tf.sub(1, z));
    case 'ipo':
      return tf.square(tf.sub(averaged(), 1 / (2 * beta)));
    case 'sigmoid-norm':
      return tf.softplus(tf.neg(scaled(averaged())));
    case 'exo-pair': {
      const epsilon = flipped || 1e-3; // log ε must be finite
      const right = tf.mul(tf.sigmoid(z), tf.sub(logSigmoid(z), Math.log1p(-epsilon)));
      const wrong = tf.mul(tf.sigmoid(tf.neg(z)), tf.sub(logSigmoid(tf.neg(z)), Math.log(epsilon)));
      return tf.add(right, wrong);
    }
    case 'nca-pair': {
      const [a, b] = [scaled(chosenRatio), scaled(rejectedRatio)];
      const push: Tensor1D = tf.mul(tf.add(tf.softplus(a), tf.softplus(b)), 0.5);
      return tf.add(tf.softplus(tf.neg(a)), push);
    }
    case 'bco-pair':
      return tf.add(tf.softplus(tf.neg(scaled(chosenRatio))), tf.softplus(scaled(rejectedRatio)));
    case 'sppo-hard': {
      const won: Tensor1D = tf.square(tf.sub(chosenRatio, 0.5 / beta));
      return tf.add(won, tf.square(tf.add(rejectedRatio, 0.5 / beta)));
    }
    case 'aot':
      return smoothedLogLoss(
        scaled(tf.sub(scores.policyMargin, coupled(batch, 'dpo', 'referencePartner'))),
        flipped,
      );
    case 'aot-unpaired':
      return aotUnpaired(chosenRatio, rejectedRatio, batch, options);
    case 'apo-zero':
      return tf.add(tf.sub(1, tf.sigmoid(scaled(chosenRatio))), tf.sigmoid(scaled(rejectedRatio)));
    case 'apo-down': {
      const margin = scaled(tf.sub(chosenRatio, rejectedRatio));
      return tf.add(tf.sigmoid(scaled(chosenRatio)), tf.sub(1, tf.sigmoid(margin)));
    }
    case 'discopop': {
      const share = tf.sigmoid(tf.div(z, options.discopopTau));
      const exponential = tf.exp(tf.minimum(tf.neg(z), MAX_EXPONENT));
      return tf.add(tf.mul(tf.softplus(tf.neg(z)), tf.sub(1, share)), tf.mul(exponential, share));
    }
  }
}

/**
 * A pair of this loss is a chosen and a rejected answer of the same rank, which may stand in different micro-batches.
 * Each side is therefore differentiated against its partner as a constant; only the chosen side gives the value.
 */
function aotUnpaired(
  chosen: Tensor1D,
  rejected: Tensor1D,
  batch: PairwiseBatch,
  { beta, labelSmoothing }: DpoOptions,
): Tensor1D {
  const loss = (a: Tensor1D, b: Tensor1D) => smoothedLogLoss(tf.mul(tf.sub(a, b), beta), labelSmoothing);
  const ofChosen = loss(chosen, coupled(batch, 'dpo', 'rejectedPartner'));
  const ofRejected = loss(coupled(batch, 'dpo', 'chosenPartner'), rejected);
  return tf.add(ofChosen, tf.sub(ofRejected, stopGradient(ofRejected)));
}
