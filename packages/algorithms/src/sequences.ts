import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { SequenceLogProbs, StepContext } from './batches.ts';
import { sequenceSums } from './masked.ts';

/**
 * 1 for rows that hold an example, 0 for rows that only fill up a batch: those whose masks are 0 everywhere.
 *
 * @param masks `[batch, seq]` each, e.g. of the chosen and the rejected answers
 * @returns `[batch]`
 */
export function presence(...masks: Tensor2D[]): Tensor1D {
  const tokens = masks.map((mask) => tf.sum(mask, 1) as Tensor1D).reduce((a, b) => tf.add(a, b));
  return tf.cast(tf.greater(tokens, 0), 'float32');
}

/** Tokens of each row that carry loss, `[batch]`. */
export function lengths(mask: Tensor2D): Tensor1D {
  return tf.sum(mask, 1);
}

/** Number of each token within its row's own, from 1, `[batch, seq]`; anything where `mask` is 0. */
export function positions(mask: Tensor2D): Tensor2D {
  return tf.cumsum(mask, 1);
}

/**
 * What a definition's `needs` should have brought.
 * @throws naming the algorithm and what is missing
 */
export function required<T>(value: T | undefined, algorithm: string, what: string): T {
  if (value === undefined) throw new Error(`${algorithm}: the batch lacks ${what}`);
  return value;
}

/** The numbers that the definition's `coupling` found, `[batch]`, by name. */
export function coupled(batch: StepContext, algorithm: string, name: string): Tensor1D {
  return required(
    batch.coupled?.[name],
    algorithm,
    `coupled.${name}; the definition's coupling has not been run over the step`,
  );
}

/** log(π/π_ref) of each token, `[batch, seq]`. */
export function tokenLogRatios({ logProbs, refLogProbs }: SequenceLogProbs, algorithm: string): Tensor2D {
  return tf.sub(
    logProbs,
    required(refLogProbs, algorithm, 'refLogProbs; the reference model has not been run'),
  );
}

/** log(π/π_ref) of each sequence, summed over its tokens, `[batch]`. */
export function sequenceLogRatios(sequences: SequenceLogProbs, algorithm: string): Tensor1D {
  return sequenceSums(tokenLogRatios(sequences, algorithm), sequences.mask);
}
