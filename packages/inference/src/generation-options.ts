import type { TokenLogProb } from './sampler.ts';
import { type ResolvedSampling, resolveSampling, type SamplingOptions } from './sampling-options.ts';
import type { TextDecoder } from './stream-decoder.ts';

/** How far a sequence is generated, and what is reported of it. */
export interface SequenceOptions extends SamplingOptions {
  /** Most tokens to generate; at least 1, default 128. Generation also ends where the model's context does. */
  maxNewTokens?: number;
  /** Token ids that end a sequence, such as the end-of-text token. The id itself stays in `ids`, not in `text`. */
  stopIds?: readonly number[];
  /** Texts that end a sequence, wherever token boundaries fall; needs `tokenizer`. `text` ends before them. */
  stop?: readonly string[];
  /** Turns ids into `text`; without one only ids are reported. */
  tokenizer?: TextDecoder;
  /** How many of the likeliest tokens to report at each position; 0 (default) to 100. */
  topLogProbs?: number;
}

/** Sequence options with defaults filled in and ranges checked. */
export interface ResolvedSequenceOptions {
  sampling: ResolvedSampling;
  maxNewTokens: number;
  stopIds: ReadonlySet<number>;
  stop: readonly string[];
  tokenizer: TextDecoder | undefined;
  topLogProbs: number;
}

/** Why a sequence ended: a stop id or text, its length or the context's, or because it was cancelled. */
export type FinishReason = 'stop' | 'length' | 'cancelled';

/** One generated sequence. */
export interface Generation {
  /** Index of the prompt it answers. */
  prompt: number;
  /** Index among the samples of that prompt. */
  sample: number;
  /** The generated tokens, a stop id included. */
  ids: number[];
  /** Log-probability of each token: the model's softmax over all tokens at temperature 1, in float64. */
  logProbs: number[];
  finishReason: FinishReason;
  /** The generated text without stop id and stop string; present when a tokenizer was given. */
  text?: string;
  /** For each token the likeliest tokens in its place, likeliest first; present when asked for. */
  topLogProbs?: TokenLogProb[][];
}

/** One token, as it is generated. */
export interface TokenEvent {
  prompt: number;
  sample: number;
  id: number;
  logProb: number;
  topLogProbs?: TokenLogProb[];
  /** Text that became certain with this token; the texts of all events join to the whole. Empty without a tokenizer. */
  text: string;
  /** Set on the last token of a sequence. */
  finishReason?: FinishReason;
}

/**
 * Fills in the defaults.
 *
 * @throws Error naming the option, its value and its range
 */
export function resolveSequenceOptions(
  options: SequenceOptions,
  { vocabSize }: { vocabSize: number },
): ResolvedSequenceOptions {
  const { maxNewTokens = 128, stopIds = [], stop = [], tokenizer, topLogProbs = 0 } = options;
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new Error(`maxNewTokens must be a whole number, at least 1, found ${maxNewTokens}`);
  }
  if (!Number.isInteger(topLogProbs) || topLogProbs < 0 || topLogProbs > 100) {
    throw new Error(`topLogProbs must be a whole number from 0 to 100, found ${topLogProbs}`);
  }
  if (stop.length > 0 && !tokenizer) throw new Error('stop strings need a tokenizer: pass `tokenizer`');
  if (stop.includes('')) throw new Error('a stop string must not be empty');
  const sampling = resolveSampling(options);
  for (const id of Object.keys(sampling.logitBias)) {
    if (Number(id) >= vocabSize) throw new Error(`logitBias[${id}]: the model has ${vocabSize} tokens`);
  }
  return { sampling, maxNewTokens, stopIds: new Set(stopIds), stop, tokenizer, topLogProbs };
}
