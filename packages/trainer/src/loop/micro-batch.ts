import type { AnyAlgorithm, LossResult, SequenceLogProbs, Totals } from '@attune/algorithms';
import type { TokenBatch, TokenSequence } from '@attune/data';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.ts';

/**
 * One forward and backward pass's worth of examples, on the host. Pairs stand with all chosen answers in the first
 * half of the rows and all rejected ones, in the same order, in the second.
 */
export interface MicroBatch extends TokenBatch {
  /** The sequences of each row; rows without any only fill up. */
  rows: readonly (readonly TokenSequence[])[];
  /** Log-probabilities under the reference model, `[batch, seq]`; for algorithms that need one. */
  refLogProbs?: Float32Array;
  /** Log-probabilities under the policy that sampled, `[batch, seq]`; rollouts only. */
  oldLogProbs?: Float32Array;
  /** `[batch, seq]`; rollouts only. */
  advantages?: Float32Array;
  /** `[batch]`, 0 or 1; unpaired data only. */
  desirable?: Float32Array;
  /** Tokens that carry loss. */
  tokens: number;
  /** Tokens that the model reads, padding left out. */
  inputTokens: number;
  /** Examples: sequences or pairs. */
  examples: number;
  /** What messages call each example, e.g. `train.jsonl row 17`. */
  names: string[];
}

/** The tensors of a micro-batch. */
export interface BatchTensors extends Record<string, tf.Tensor> {
  /** int32 `[batch, seq]`. */
  inputIds: tf.Tensor2D;
  /** int32 `[batch, seq]`, −100 where there is no target. */
  labels: tf.Tensor2D;
  /** float32 `[batch, seq]`. */
  mask: tf.Tensor2D;
}

/** Uploads a micro-batch. The caller disposes of the tensors. */
export function toTensors(batch: MicroBatch): BatchTensors {
  const shape: [number, number] = [batch.batch, batch.seq];
  const tensors: BatchTensors = {
    inputIds: tf.tensor2d(batch.inputIds, shape, 'int32'),
    labels: tf.tensor2d(batch.labels, shape, 'int32'),
    mask: tf.tensor2d(batch.mask, shape),
  };
  for (const key of ['segmentIds', 'positions'] as const) {
    if (batch[key]) tensors[key] = tf.tensor2d(batch[key], shape, 'int32');
  }
  for (const key of ['refLogProbs', 'oldLogProbs', 'advantages'] as const) {
    if (batch[key]) tensors[key] = tf.tensor2d(batch[key], shape);
  }
  if (batch.desirable) tensors.desirable = tf.tensor1d(batch.desirable);
  return tensors;
}

/**
 * The algorithm's loss on a micro-batch.
 * @param logProbs `[batch, seq]`, under the policy
 */
export function batchLoss(
  algorithm: AnyAlgorithm,
  options: unknown,
  logProbs: tf.Tensor2D,
  tensors: BatchTensors,
  totals: Totals,
): LossResult {
  const { mask, desirable } = tensors;
  const [refLogProbs, oldLogProbs, advantages] = ['refLogProbs', 'oldLogProbs', 'advantages'].map(
    (key) => tensors[key] as tf.Tensor2D,
  );
  const sequences: SequenceLogProbs = { logProbs, mask, refLogProbs };
  switch (algorithm.batch) {
    case 'supervised':
      return algorithm.loss({ ...sequences, totals }, options);
    case 'pairwise':
      return algorithm.loss({ chosen: half(sequences, 0), rejected: half(sequences, 1), totals }, options);
    case 'unpaired':
      return algorithm.loss({ ...sequences, desirable: desirable as tf.Tensor1D, totals }, options);
    case 'rollout':
      return algorithm.loss(
        { ...sequences, oldLogProbs: oldLogProbs!, advantages: advantages!, totals },
        options,
      );
    default:
      throw new UserError(`${algorithm.name}: the trainer has no ${algorithm.batch} batches yet`);
  }
}

/** The first (0) or second (1) half of the rows. */
function half({ logProbs, mask, refLogProbs }: SequenceLogProbs, which: 0 | 1): SequenceLogProbs {
  const rows = logProbs.shape[0] / 2;
  const part = (x: tf.Tensor2D) => tf.slice(x, [which * rows, 0], [rows, -1]);
  return { logProbs: part(logProbs), mask: part(mask), refLogProbs: refLogProbs && part(refLogProbs) };
}
