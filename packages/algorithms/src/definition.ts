import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { BatchKind, BatchKinds } from './batches.ts';
import type { Advantages, Rollout } from './rollout.ts';
import type { Rounds } from './rounds.ts';

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

/** What the trainer must provide beside the policy's log-probabilities. */
export interface Needs {
  /** A frozen copy of the initial policy. */
  reference?: boolean;
  /**
   * Let the reference follow the policy (TR-DPO): every `steps` optimizer steps
   * `reference ← mixup · policy + (1 − mixup) · reference`.
   */
  referenceSync?: { steps: number; mixup: number };
  /**
   * A scalar head on the policy itself, which the loss trains: read `after` each token (reward models), or `before`
   * it (values).
   */
  head?: 'after' | 'before';
  /** A critic: a model with a scalar head, trained along with the policy. */
  critic?: boolean;
  /** A frozen teacher. */
  teacher?: boolean;
  /** Full logits and labels. Costs `[batch, seq, vocab]` numbers; ask for `entropy` alone where that is enough. */
  logits?: boolean;
  entropy?: boolean;
  /** Unpaired data: answers of other prompts (KTO). */
  mismatched?: boolean;
  /** Pairs: the chosen answer after a corrupted condition (mDPO). */
  corrupted?: boolean;
  /** Rollouts: one greedy answer more to each prompt, as a baseline (ReMax). */
  greedy?: boolean;
  /**
   * Rollouts: replace prompts of whose answers none is kept (`Advantages.keep`) by others, until the rollout is full or
   * prompts were sampled this many times (DAPO's dynamic sampling). `advantages` is called on what each round sampled,
   * and at last on the prompts that stay.
   */
  refill?: { maxRounds: number };
  /**
   * Rollouts: an opponent's answer to each prompt, from π^(1 − mixture) π_ref^mixture, renormalised at each token; the
   * reward of an answer is then the judge's probability that it beats the opponent's (Nash-MD).
   */
  opponent?: { mixture: number };
  /** Contrastive: scalars that are learned along, by name, with their first values. */
  scalars?: Record<string, number>;
  /** Contrastive: a fused encoder over pairs (ITM). */
  matcher?: boolean;
  /** Contrastive: random numbers, to draw negatives. */
  draws?: boolean;
  /** The parameters of the adapter under training (PAFT's sparsity). */
  adapter?: boolean;
  /** Pairs: by how much the chosen answer is better (`PairwiseBatch.margins`). */
  margins?: boolean;
  /** Rows must hold one sequence each: the data cannot be packed. */
  unpacked?: boolean;
  /** Fewest examples that a step may have; default 1. */
  leastExamples?: number;
  /** Rollouts: batches of other data beside them. */
  beside?: readonly ('supervised' | 'pairwise')[];
  /**
   * Rollouts: the pairs that `advantages` finds among the answers, as `batch.pairwise`, with reference log-probabilities.
   * They are spread over the steps of the rollout (UPO with online preferences).
   */
  pairs?: boolean;
  /** The loss compares all examples of a step with each other, so a step cannot be cut into micro-batches. */
  wholeBatch?: boolean;
}

/**
 * For losses in which the examples of a step influence each other through a few numbers (KTO's zero point, AOT's
 * order). The trainer runs the policy over the whole step without a gradient, hands every micro-batch to `measure`,
 * all that was measured to `combine`, and the result back to the loss as `batch.coupled`.
 */
export interface Coupling<K extends BatchKind, O> {
  /** Whether these options need it at all; default: they do. */
  applies?(options: O): boolean;
  /** A few numbers for each example, `[batch]` each. Rows that only fill up a batch are cut off afterwards. */
  measure(batch: BatchKinds[K], options: O): Record<string, Tensor1D>;
  /**
   * On the host, over all examples of the step in order.
   * @param measured `[examples]` each
   * @param state what the last step's call returned (a running mean); undefined at first
   * @returns for each example the numbers that its loss needs, `[examples]` each; plain JSON as the new state
   */
  combine(
    measured: Record<string, Float32Array>,
    options: O,
    state: unknown,
  ): { coupled: Record<string, Float32Array>; state?: unknown };
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
  /** What else the loss needs, given its options. */
  needs?(options: z.output<S>): Needs;
  /**
   * Rollout algorithms only: from rewards to an advantage for every token.
   * @param state what the last rollout's call returned as `state`; undefined at first
   */
  advantages?(rollout: Rollout, options: z.output<S>, state?: unknown): Advantages;
  /** For losses whose examples influence each other. */
  coupling?: Coupling<K, z.output<S>>;
  /** For methods that are a loop around a loss: how the examples come about; undefined: from the data as it is. */
  rounds?(options: z.output<S>): Rounds<K> | undefined;
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
