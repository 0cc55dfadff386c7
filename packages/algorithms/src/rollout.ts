/** Answers that the policy sampled, on the host, before any micro-batching. Answers of one prompt are adjacent. */
export interface Rollout {
  /** One reward per answer, `[prompts * groupSize]`. */
  rewards: Float32Array;
  /** Answers sampled per prompt. */
  groupSize: number;
  /** For each answer the log-probabilities that sampling recorded, one per token. */
  logProbs: readonly Float32Array[];
  /** The same under the reference model (`needs.reference`). */
  refLogProbs?: readonly Float32Array[];
  /** The critic's values, one per token, each as the token is about to be written (`needs.critic`). */
  values?: readonly Float32Array[];
  /** Reward of the greedy answer to each prompt, `[prompts]` (`needs.greedy`: ReMax). */
  greedyRewards?: Float32Array;
  /** 1 for answers that ended by themselves, 0 for those that were cut at the most tokens, `[prompts * groupSize]`. */
  finished?: Uint8Array;
  /** Most tokens an answer may have. */
  maxTokens: number;
}

/** What an algorithm makes of a rollout. */
export interface Advantages {
  /** For each answer one number per token. */
  advantages: readonly Float32Array[];
  /** For each answer what the critic should have said, one number per token (`needs.critic`). */
  returns?: readonly Float32Array[];
  /**
   * 0 for answers that must not be learned from (overlong filtering, flat groups): they carry no loss and count in no
   * total. Default: all are kept.
   */
  keep?: Uint8Array;
  /** Pairs of answers, whose `pairwise` batch stands beside the rollout's (`needs.pairs`). */
  pairs?: readonly AnswerPair[];
  /** To be logged: means over the rollout. */
  metrics?: Record<string, number>;
  /** What the next rollout's call gets as `state`, e.g. an adaptive KL coefficient. Plain JSON: it is checkpointed. */
  state?: unknown;
}

/** Two answers of a rollout to the same prompt, by their places in it. */
export interface AnswerPair {
  chosen: number;
  rejected: number;
}

/**
 * The same advantage for every token of an answer.
 * @param values one per answer
 */
export function perToken(values: Float32Array, { logProbs }: Pick<Rollout, 'logProbs'>): Float32Array[] {
  return logProbs.map((tokens, i) => new Float32Array(tokens.length).fill(values[i]!));
}
