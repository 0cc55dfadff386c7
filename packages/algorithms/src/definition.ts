import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { z } from 'zod';

/**
 * Sums over the whole optimizer step: every micro-batch, every rank. A loss divides by these instead of by
 * what its own micro-batch holds, so that losses and gradients of micro-batches add up exactly.
 */
export interface Totals {
  /** Tokens that carry loss: the sum of every `mask` (of both answers in a pairwise batch). */
  tokens: Scalar;
  /** Examples: sequences, or pairs for a pairwise batch. Rows that only fill up a batch do not count. */
  examples: Scalar;
}

/** Log-probabilities of one set of sequences. Every tensor is `[batch, seq]`. */
export interface SequenceLogProbs {
  /** Log-probability under the policy of each label. Where `mask` is 0 it may hold any finite number. */
  logProbs: Tensor2D;
  /** The same under the reference model; present when the definition `needs` one. */
  refLogProbs?: Tensor2D;
  /** 1 where a token carries loss, else 0. float32. */
  mask: Tensor2D;
}

/** Sequences to imitate. */
export interface SupervisedBatch extends SequenceLogProbs {
  totals: Totals;
}

/** Preferred and rejected answers: row i of both answers the same prompt. */
export interface PairwiseBatch {
  chosen: SequenceLogProbs;
  rejected: SequenceLogProbs;
  totals: Totals;
}

/** Single answers judged desirable (1) or not (0). */
export interface UnpairedBatch extends SequenceLogProbs {
  /** `[batch]`, float32 0/1. */
  desirable: Tensor1D;
  totals: Totals;
}

/** Sampled answers with their advantages. */
export interface RolloutBatch extends SequenceLogProbs {
  /** Log-probabilities under the policy that sampled, `[batch, seq]`. */
  oldLogProbs: Tensor2D;
  /** `[batch, seq]`; constant along `seq` for outcome rewards. */
  advantages: Tensor2D;
  totals: Totals;
}

/** What a rollout algorithm turns into advantages, on the host, before any micro-batching. */
export interface RolloutRewards {
  /** One reward per sampled answer, answers of one prompt adjacent: `[prompts * groupSize]`. */
  rewards: Float32Array;
  /** Answers sampled per prompt. */
  groupSize: number;
}

/** The batch kinds and the type each hands to a loss. Later kinds are added here. */
export interface BatchKinds {
  supervised: SupervisedBatch;
  pairwise: PairwiseBatch;
  unpaired: UnpairedBatch;
  rollout: RolloutBatch;
}

/** Name of a batch kind. */
export type BatchKind = keyof BatchKinds;

/** What a loss returns. Metrics are sums divided by `totals` as well, so they add over micro-batches. */
export interface LossResult {
  /** Scalar to minimise. */
  loss: Scalar;
  /** Scalars to log, by name. */
  metrics: Record<string, Scalar>;
}

/** The paper an algorithm implements. */
export interface Paper {
  title: string;
  /** Canonical address, e.g. `https://arxiv.org/abs/2305.18290`. */
  url: string;
  /** The equations implemented, e.g. `eq. 7`. */
  equations?: string;
}

/** Models beside the policy that the trainer must provide. */
export interface Needs {
  /** A frozen copy of the initial policy. */
  reference?: boolean;
}

/**
 * One post-training algorithm. The trainer reads the definition; there is no trainer per algorithm.
 * A recipe names a built-in (`algorithm: dpo`) or a package whose default export is a definition
 * (`algorithm: '@acme/my-loss'`).
 */
export interface AlgorithmDefinition<K extends BatchKind = BatchKind, S extends z.ZodType = z.ZodType> {
  /** The word in a recipe. */
  name: string;
  paper: Paper;
  /** The batch kind that `loss` consumes. */
  batch: K;
  /** Options with their defaults and ranges; `options.parse({})` must succeed. */
  options: S;
  /** Which other models the loss needs, given its options. */
  needs?(options: z.output<S>): Needs;
  /** Rollout algorithms only: rewards → one advantage per answer, `[prompts * groupSize]`. */
  advantages?(rewards: RolloutRewards, options: z.output<S>): Float32Array;
  /** The loss: a pure function over tensors. */
  loss(batch: BatchKinds[K], options: z.output<S>): LossResult;
}

/**
 * Any definition, for code that reads them generically. A union discriminated by `batch`: after
 * `if (algorithm.batch === 'pairwise')`, `algorithm.loss` takes a `PairwiseBatch`.
 */
export type AnyAlgorithm = { [K in BatchKind]: AlgorithmDefinition<K> }[BatchKind];

/** Declares an algorithm; it only fixes the types, so that `options` are inferred inside `loss`. */
export function defineAlgorithm<K extends BatchKind, S extends z.ZodType>(
  definition: AlgorithmDefinition<K, S>,
): AlgorithmDefinition<K, S> {
  return definition;
}
