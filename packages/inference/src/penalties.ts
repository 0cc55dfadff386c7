import type { ResolvedSampling } from './sampling-options.ts';

/** The tokens a sequence has seen, as the penalties need them. */
export class TokenHistory {
  /** Every token of prompt and answer. */
  readonly seen: Set<number>;
  /** How often each token was generated. */
  readonly generated = new Map<number, number>();

  constructor(prompt: readonly number[]) {
    this.seen = new Set(prompt);
  }

  /** Records a generated token. */
  add(id: number): void {
    this.seen.add(id);
    this.generated.set(id, (this.generated.get(id) ?? 0) + 1);
  }
}

/** Whether `adjustLogits` would change anything; if not, no history need be kept. */
export function adjustsLogits(options: ResolvedSampling): boolean {
  return (
    options.repetitionPenalty !== 1 ||
    options.presencePenalty !== 0 ||
    options.frequencyPenalty !== 0 ||
    Object.keys(options.logitBias).length > 0
  );
}

/**
 * Applies repetition, frequency and presence penalties and the bias, in this order, in place.
 *
 * @param logits `[vocab]`
 */
export function adjustLogits(logits: Float32Array, history: TokenHistory, options: ResolvedSampling): void {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, logitBias } = options;
  if (repetitionPenalty !== 1) {
    for (const id of history.seen) {
      const logit = logits[id]!;
      logits[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    }
  }
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    for (const [id, count] of history.generated) {
      logits[id] = logits[id]! - presencePenalty - frequencyPenalty * count;
    }
  }
  for (const [id, bias] of Object.entries(logitBias)) {
    logits[Number(id)] = logits[Number(id)]! + bias;
  }
}
