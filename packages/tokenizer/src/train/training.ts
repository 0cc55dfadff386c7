import { wellFormed } from '../text/well-formed.ts';
import { createWordCounter, type WordCounterSpec } from './word-counter.ts';
import { WordCounts } from './word-counts.ts';

/**
 * A training that has been described but not begun: which words to count, and what to learn from their counts.
 * Whoever counts (this thread, several, a stream) gets the same result.
 */
export interface Training<T> {
  readonly counter: WordCounterSpec;
  /** Learns from the counts and empties them. */
  learn(words: WordCounts): T;
}

export interface TrainOptions {
  /**
   * Distinct words to keep at most; beyond that the rarest are forgotten, which bounds the memory. Default
   * 8,000,000.
   */
  maxWords?: number;
}

/** @throws where a special token is empty */
export function requireTokens(tokens: readonly string[], caller: string): void {
  const empty = tokens.findIndex((token) => typeof token !== 'string' || token === '');
  if (empty < 0) return;
  throw new Error(
    `${caller}: specialTokens[${empty}] must be a string of at least one character, found ${JSON.stringify(tokens[empty])}`,
  );
}

/** Trains on texts, which are read once and not kept. */
export function train<T>(texts: Iterable<string>, training: Training<T>, options: TrainOptions = {}): T {
  const { words, add } = counting(training, options);
  for (const text of texts) add(text);
  return training.learn(words);
}

/** The same on texts that arrive over time, such as those of a stream. */
export async function trainAsync<T>(
  texts: AsyncIterable<string> | Iterable<string>,
  training: Training<T>,
  options: TrainOptions = {},
): Promise<T> {
  const { words, add } = counting(training, options);
  // Texts that are there already are not waited for one by one.
  if (Symbol.iterator in texts) for (const text of texts) add(text);
  else for await (const text of texts) add(text);
  return training.learn(words);
}

function counting(training: Training<unknown>, { maxWords }: TrainOptions) {
  const count = createWordCounter(training.counter);
  const words = new WordCounts(maxWords);
  const add = (raw: string) => {
    const text = wellFormed(raw);
    count(text, 0, text.length, words);
    words.prune();
  };
  return { words, add };
}
