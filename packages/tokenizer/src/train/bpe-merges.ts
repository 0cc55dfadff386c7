import type { CountedWords } from './counted-words.ts';
import { MergeLearner } from './merge-learner.ts';
import type { PairOrder } from './pair-order.ts';
import { learnInWasm } from './wasm-merge-learner.ts';

export interface LearnOptions {
  /** Pairs that occur less often are not merged. */
  minFrequency: number;
  /** Symbols never cover this many initial symbols or more; Infinity for no limit. */
  maxTokenLength: number;
  /**
   * The id of the joined token; new or (when another merge already made that string) existing, or -1 to pass
   * the pair over.
   */
  join(left: number, right: number): number;
  /** Asked before each merge. */
  isFull(): boolean;
  /**
   * Of equally frequent pairs the one comes first whose text has fewer characters, then by code points. Texts by id:
   * those of joined tokens are added as they are made. Default: the one of smaller ids.
   */
  texts?: readonly string[];
  /** Another order of equally frequent pairs. */
  order?: PairOrder;
}

/**
 * Learns BPE merges: repeatedly joins the most frequent pair. Equals `BpeTrainer` of Hugging Face tokenizers merge for
 * merge. Words may be changed in place.
 * @returns left and right id of each merge, in order
 */
export function learnMerges(words: CountedWords, options: LearnOptions): [number, number][] {
  return learnInWasm(words, options) ?? new MergeLearner(words, options).learn();
}
