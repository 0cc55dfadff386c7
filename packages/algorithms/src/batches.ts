import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/**
 * Sums over the whole optimizer step: every micro-batch, every rank. A loss divides by these instead of by
 * what its own micro-batch holds, so that losses and gradients of micro-batches add up exactly.
 */
export interface Totals {
  /** Tokens that carry loss: the sum of every `mask` (of all answers in a pairwise or listwise batch). */
  tokens: Scalar;
  /** Examples: sequences, pairs or lists. Rows that only fill up a batch (mask 0 everywhere) do not count. */
  examples: Scalar;
  /** Pairs: the part of `tokens` that chosen answers have. */
  chosenTokens?: Scalar;
  /** Unpaired: how many of `examples` are desirable. */
  desirable?: Scalar;
}

/** What every batch carries beside its sequences. */
export interface StepContext {
  totals: Totals;
  /** What the definition's `coupling` found over the whole step, `[batch]` each, by name. Constants: no gradient. */
  coupled?: Record<string, Tensor1D>;
}

/**
 * What the models say of one set of sequences. Optional parts are there when the definition `needs` them.
 * Where `mask` is 0, every tensor may hold any finite number.
 */
export interface SequenceLogProbs {
  /** Log-probability under the policy of each label, `[batch, seq]`. */
  logProbs: Tensor2D;
  /** The same under the reference model, `[batch, seq]`. */
  refLogProbs?: Tensor2D;
  /** 1 where a token carries loss, else 0. float32 `[batch, seq]`. */
  mask: Tensor2D;
  /** The policy's logits at each label, `[batch, seq, vocab]` (`needs.logits`). */
  logits?: Tensor3D;
  /** The labels themselves, int32 `[batch, seq]` (`needs.logits`); any token where `mask` is 0. */
  labels?: Tensor2D;
  /** The reference model's, `[batch, seq, vocab]` (`needs.logits` and `needs.reference`). No gradient. */
  refLogits?: Tensor3D;
  /** Entropy of the policy's next-token distribution in nats, `[batch, seq]` (`needs.entropy`). */
  entropy?: Tensor2D;
  /**
   * Output of the scalar head, `[batch, seq]` (`needs.head`). With `after`, having read the token whose log-probability
   * stands at that place: a reward model's score of a sequence is the one at its last token with mask 1. With `before`,
   * as the token is about to be written: a value; that of the prompt is the one at the first token with mask 1.
   */
  scores?: Tensor2D;
}

/** Sequences to imitate. */
export interface SupervisedBatch extends SequenceLogProbs, StepContext {
  /** Weight of each token, `[batch, seq]`; 1 where absent. */
  weights?: Tensor2D;
  /** The adapter's trained parameters by name, with a gradient (`needs.adapter`). */
  adapter?: Record<string, Tensor>;
}

/** Preferred and rejected answers: row i of both answers the same prompt. */
export interface PairwiseBatch extends StepContext {
  chosen: SequenceLogProbs;
  rejected: SequenceLogProbs;
  /** The chosen answers once more, after a corrupted condition (mDPO's image anchor) (`needs.corrupted`). */
  corrupted?: SequenceLogProbs;
  /** By how much chosen is better, in the annotators' units, `[batch]`; absent where the data does not say. */
  margins?: Tensor1D;
  /** 1 where the chosen answer was sampled from the reference model, 0 where the rejected one was, `[batch]` (XPO). */
  chosenFromReference?: Tensor1D;
}

/** Single answers judged desirable (1) or not (0). */
export interface UnpairedBatch extends SequenceLogProbs, StepContext {
  /** `[batch]`, float32 0/1; for regression on rewards (DRO) any number. */
  desirable: Tensor1D;
  /** Answers of other prompts of the step, for KTO's estimate of the KL divergence (`needs.mismatched`). */
  mismatched?: SequenceLogProbs;
  /** Weight of each example, `[batch]`; 1 where absent. */
  weights?: Tensor1D;
}

/** Several answers to each prompt with their scores. */
export interface ListwiseBatch extends StepContext {
  /** One entry for each place of the list; row i of every entry answers prompt i. */
  answers: SequenceLogProbs[];
  /** What each answer is worth, `[batch, list]`. */
  ratings: Tensor2D;
  /** 1 where the list of a prompt has an answer, `[batch, list]`. */
  present: Tensor2D;
}

/** Solutions whose steps are judged one by one (process reward models), or at their end alone (outcome). */
export interface StepwiseBatch extends SequenceLogProbs, StepContext {
  /** The judgement of the step that ends at a token, from 0 to 1, `[batch, seq]`. */
  stepLabels: Tensor2D;
  /** 1 at the last token of each judged step, `[batch, seq]`. `totals.tokens` counts these. */
  stepMask: Tensor2D;
}

/** Sampled answers with their advantages. */
export interface RolloutBatch extends SequenceLogProbs, StepContext {
  /** Log-probabilities under the policy at the beginning of the rollout's optimization, `[batch, seq]`. */
  oldLogProbs: Tensor2D;
  /** Log-probabilities that the sampler recorded, where they may differ from `oldLogProbs`, `[batch, seq]`. */
  samplerLogProbs?: Tensor2D;
  /** `[batch, seq]`; constant along `seq` for outcome rewards. */
  advantages: Tensor2D;
  /** What the critic should have said, `[batch, seq]` (`needs.critic`; its present values are `values`). */
  returns?: Tensor2D;
  /** The critic's values now, as each token is about to be written, with a gradient, `[batch, seq]` (`needs.critic`). */
  values?: Tensor2D;
  /** The critic's values at the rollout, `[batch, seq]` (`needs.critic`). */
  oldValues?: Tensor2D;
  /** Texts to imitate beside the rollout: PPO-ptx (`needs.beside: ['supervised']`). */
  supervised?: SupervisedBatch;
  /** Preferences beside the rollout: UPO (`needs.beside: ['pairwise']` or `needs.pairs`). */
  pairwise?: PairwiseBatch;
}

/** Sequences with a teacher's opinion of every next token. */
export interface DistillationBatch extends SequenceLogProbs, StepContext {
  logits: Tensor3D;
  /** The teacher's logits, `[batch, seq, vocab]`. No gradient. */
  teacherLogits: Tensor3D;
  /** Log-probabilities under the policy that sampled, `[batch, seq]`, when the answers are the policy's own. */
  oldLogProbs?: Tensor2D;
}

/** Two views of the same things: row i of both belongs together, every other row of the step does not. */
export interface ContrastiveBatch extends StepContext {
  /** Embeddings, `[batch, dim]`, e.g. of images. */
  left: Tensor2D;
  /** `[batch, dim]`, e.g. of texts. */
  right: Tensor2D;
  /** Several embeddings of each left instead of one, `[batch, queries, dim]`: the queries of a Q-Former (ITC). */
  leftQueries?: Tensor3D;
  /** Learned scalars by name (`needs.scalars`). */
  scalars?: Record<string, Scalar>;
  /**
   * The same by momentum encoders, `[batch, dim]` each, and what earlier steps left in queues, `[queue, dim]` (ITC).
   * No gradient.
   */
  momentum?: { left: Tensor2D; right: Tensor2D; queuedLeft?: Tensor2D; queuedRight?: Tensor2D };
  /**
   * A fused encoder over chosen pairs (`needs.matcher`): from int32 places of lefts and of rights, `[pairs]` each, to
   * two logits each, against and for belonging together, `[pairs, 2]`.
   */
  match?(lefts: Tensor1D, rights: Tensor1D): Tensor2D;
  /** Uniform random numbers in [0, 1), `[batch, batch]` (`needs.draws`). */
  draws?: Tensor2D;
}

/** The batch kinds and the type each hands to a loss. */
export interface BatchKinds {
  supervised: SupervisedBatch;
  pairwise: PairwiseBatch;
  unpaired: UnpairedBatch;
  listwise: ListwiseBatch;
  stepwise: StepwiseBatch;
  rollout: RolloutBatch;
  distillation: DistillationBatch;
  contrastive: ContrastiveBatch;
}

/** Name of a batch kind. */
export type BatchKind = keyof BatchKinds;
