import { lastNumber, sameAnswer } from './numbers.ts';
import { column, type Reward } from './reward.ts';

/** How GSM8K answers are scored. */
export interface Gsm8kOptions {
  /** `strict` (default) takes the number after the last `####`; `flexible` the last number anywhere. */
  mode?: 'strict' | 'flexible';
  /** Score of the right answer. Default 1. */
  correct?: number;
  /** Score of a wrong answer in the right format. Default 0. */
  format?: number;
  /** Column of the reference: a GSM8K solution with `####`, or the answer alone. Default `answer`. */
  answer?: string;
}

/**
 * The answer that a solution states.
 *
 * @param mode `strict`: the number after the last `####`; `flexible`: the last number anywhere
 * @returns the number as it is written, or undefined when the format is wrong
 */
export function extractGsm8kAnswer(
  solution: string,
  mode: 'strict' | 'flexible' = 'strict',
): string | undefined {
  if (mode === 'flexible') return lastNumber(solution);
  return [...solution.matchAll(/####[ \t]*([-−]?[$€£]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?)/g)].at(-1)?.[1];
}

/**
 * Scores GSM8K answers: 0 for the wrong format, the format score for a wrong answer, the full score for the right
 * one. Numbers are compared by value, so `#### 1,000` and `1000.0` are the same.
 */
export function gsm8k({
  mode = 'strict',
  correct = 1,
  format = 0,
  answer = 'answer',
}: Gsm8kOptions = {}): Reward {
  return (completion, row) => {
    const found = extractGsm8kAnswer(completion, mode);
    if (found === undefined) return 0;
    const reference = column(row, answer);
    return sameAnswer(found, extractGsm8kAnswer(reference) ?? reference) ? correct : format;
  };
}
