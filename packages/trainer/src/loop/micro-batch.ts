import type { AnyAlgorithm, BatchKinds, LossResult, SequenceLogProbs, Totals } from '@attune/algorithms';
import * as tf from '@tensorflow/tfjs-core';

/**
 * One forward and backward pass's worth of examples, on the host. Pairs stand with all chosen answers in the first
 * half of the rows and all rejected ones, in the same order, in the second.
 */
export interface MicroBatch {
  rows: number;
  /** Padded length. */
  length: number;
  /** `[rows, length]` each, row by row. */
  inputIds: Int32Array;
  labels: Int32Array;
  mask: Float32Array;
  /** Packed rows only. */
  segmentIds?: Int32Array;
  /** `[rows, length]`, when the algorithm needs them. */
  refLogProbs?: Float32Array;
  oldLogProbs?: Float32Array;
  advantages?: Float32Array;
  /** `[rows]`, for unpaired data. */
  desirable?: Float32Array;
  /** Tokens that carry loss. */
  tokens: number;
  /** Examples: sequences or pairs. */
  examples: number;
  /** What each example is called in messages, e.g. `example 17`. */
  names: string[];
}

/** The tensors of a micro-batch. A key is present in every micro-batch of a run or in none. */
export interface BatchTensors extends Record<string, tf.Tensor> {
  inputIds: tf.Tensor2D;
  labels: tf.Tensor2D;
  mask: tf.Tensor2D;
}

/** Uploads a micro-batch. The caller disposes of the tensors. */
export function toTensors(batch: MicroBatch): BatchTensors {
  const shape: [number, number] = [batch.rows, batch.length];
  const tensors: BatchTensors = {
    inputIds: tf.tensor2d(batch.inputIds, shape, 'int32'),
    labels: tf.tensor2d(batch.labels, shape, 'int32'),
    mask: tf.tensor2d(batch.mask, shape),
  };
  if (batch.segmentIds) tensors.segmentIds = tf.tensor2d(batch.segmentIds, shape, 'int32');
  for (const key of ['refLogProbs', 'oldLogProbs', 'advantages'] as const) {
    if (batch[key]) tensors[key] = tf.tensor2d(batch[key], shape);
  }
  if (batch.desirable) tensors.desirable = tf.tensor1d(batch.desirable);
  return tensors;
}

/**
 * The algorithm's loss on a micro-batch.
 * @param logProbs `[rows, length]`, under the policy
 */
export function batchLoss(
  algorithm: AnyAlgorithm,
  options: unknown,
  logProbs: tf.Tensor2D,
  tensors: BatchTensors,
  totals: Totals,
): LossResult {
  const all: SequenceLogProbs = { logProbs, mask: tensors.mask, refLogProbs: tensors.refLogProbs as tf.Tensor2D };
  switch (algorithm.batch) {
    case 'supervised':
      return algorithm.loss({ ...all, totals }, options);
    case 'pairwise': {
      const [chosen, rejected] = halves(all);
      return algorithm.loss({ chosen, rejected, totals }, options);
    }
    case 'unpaired':
      return algorithm.loss({ ...all, desirable: tensors.desirable as tf.Tensor1D, totals }, options);
    case 'rollout':
      return algorithm.loss({ ...all, ...rolloutPart(tensors), totals }, options);
  }
}

function rolloutPart({ oldLogProbs, advantages }: BatchTensors): Pick<BatchKinds['rollout'], 'oldLogProbs' | 'advantages'> {
  return { oldLogProbs: oldLogProbs as tf.Tensor2D, advantages: advantages as tf.Tensor2D };
}

/** The first and the second half of the rows. */
function halves({ logProbs, mask, refLogProbs }: SequenceLogProbs): [SequenceLogProbs, SequenceLogProbs] {
  const half = logProbs.shape[0] / 2;
  const part = (x: tf.Tensor2D, i: number) => tf.slice(x, [i * half, 0], [half, -1]);
  const side = (i: number): SequenceLogProbs => ({
    logProbs: part(logProbs, i),
    mask: part(mask, i),
    refLogProbs: refLogProbs && part(refLogProbs, i),
  });
  return [side(0), side(1)];
}
