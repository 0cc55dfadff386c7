import type { BatchKind } from './batches.ts';

/**
 * A loop around a loss: sample → score → examples → train, again and again (online and iterative DPO, self-rewarding,
 * SPPO, DNO, XPO). What is sampled and judged becomes examples of the definition's batch kind.
 */
export interface Rounds<K extends BatchKind = BatchKind> {
  /**
   * `step`: fresh answers for every optimizer step (online). `round`: answers to many prompts of the data, then
   * training over all of them (iterative); how many prompts and epochs a round has is the recipe's choice.
   */
  every: 'step' | 'round';
  /** How many answers to sample to each prompt, and by whom, in this order; `data` are the row's own answers. */
  answers: readonly { from: AnswerSource; count: number }[];
  /**
   * What judges the answers: `rewards` (reward functions, a reward model, a pointwise judge), `preferences`
   * (a judge that compares two answers), `self` (the policy itself, prompted as a judge), `none` (who wrote an answer
   * says it all; scores are 0).
   */
  judge: 'rewards' | 'preferences' | 'self' | 'none';
  /** The reference model of a round: the policy before all training, or the one that the round began with. */
  reference: 'initial' | 'round';
  /**
   * From the judged answers to one prompt to examples; none where they teach nothing (a tie), which is counted and
   * reported. Pure.
   */
  examples(judged: JudgedAnswers): RoundExamples[K][];
}

/** Who wrote an answer. */
export type AnswerSource = 'policy' | 'reference' | 'data';

/** The answers to one prompt with what the judge said. Answers are named by their place in these lists. */
export interface JudgedAnswers {
  from: readonly AnswerSource[];
  /** One per answer; higher is better. Finite: answers that could not be judged are left out before. */
  scores: Float32Array;
  /** Probability that answer i is better than answer j, `[answers * answers]`, row-major (judge `preferences`). */
  preferences?: Float32Array;
}

/** What a round's examples of each batch kind say; numbers are places of answers. */
export interface RoundExamples {
  supervised: { answer: number };
  pairwise: {
    chosen: number;
    rejected: number;
    /** `PairwiseBatch.margins`. */
    margin?: number;
    /** `PairwiseBatch.chosenFromReference`. */
    chosenFromReference?: boolean;
  };
  unpaired: { answer: number; desirable: number };
  listwise: { answers: readonly number[]; ratings: readonly number[] };
  stepwise: never;
  rollout: never;
  distillation: { answer: number };
  contrastive: never;
}

/** The best answer against the worst; none when all are equally good. The earlier of equals counts. */
export function bestAgainstWorst({ scores }: Pick<JudgedAnswers, 'scores'>): RoundExamples['pairwise'][] {
  const chosen = scores.indexOf(Math.max(...scores));
  const rejected = scores.indexOf(Math.min(...scores));
  if (scores.length === 0 || scores[chosen] === scores[rejected]) return [];
  return [{ chosen, rejected, margin: scores[chosen]! - scores[rejected]! }];
}

/**
 * The probability that each answer beats another of the same prompt, averaged over the others: the estimate of
 * P(y ≻ π | x) that SPPO and DNO use. Without `preferences`, a difference of scores d means a probability σ(d).
 *
 * @param against averages over these answers only (e.g. the policy's own); default: all
 */
export function winRates({ scores, preferences }: JudgedAnswers, against?: readonly number[]): Float32Array {
  const others = against ?? Array.from(scores, (_, i) => i);
  const beats = (i: number, j: number) =>
    preferences ? preferences[i * scores.length + j]! : 1 / (1 + Math.exp(scores[j]! - scores[i]!));
  return Float32Array.from(scores, (_, i) => {
    const rivals = others.filter((j) => j !== i);
    return rivals.length === 0 ? 0.5 : rivals.reduce((sum, j) => sum + beats(i, j), 0) / rivals.length;
  });
}
