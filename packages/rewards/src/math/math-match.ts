import { column, type Reward } from '../reward.ts';
import { equivalentAnswers } from './equivalent.ts';
import { type AnswerPlace, extractMathAnswer } from './extract.ts';

/** Options of `mathMatch`. */
export interface MathMatchOptions {
  /** Column of the reference: an answer, or a solution that ends in `\boxed{…}` or `####`. Default `answer`. */
  answer?: string;
  /** `boxed` wants the answer in `\boxed{…}`; `anywhere` (default) takes it where it is found. */
  place?: AnswerPlace;
  /** Takes the answer out of the completion, in place of `place`. */
  extract?: (completion: string) => string | undefined;
  /** Score of a right answer. Default 1. */
  correct?: number;
  /** Score of a wrong answer. Default 0. */
  wrong?: number;
  /** Score when there is no answer. Default: that of a wrong one. */
  missing?: number;
}

/**
 * 1 when the completion's answer is mathematically the reference, else 0; see `equivalentAnswers` for what is the same,
 * and `extractMathAnswer` for where it is looked for. Nothing is ever executed: expressions are read by a parser of our
 * own and evaluated as numbers.
 */
export function mathMatch(options: MathMatchOptions = {}): Reward {
  const { answer = 'answer', place = 'anywhere', correct = 1, wrong = 0, missing = wrong } = options;
  const extract = options.extract ?? ((completion: string) => extractMathAnswer(completion, place));
  return (completion, row) => {
    const reference = referenceAnswer(column(row, answer));
    const found = extract(completion);
    if (found === undefined || found === '') return missing;
    return equivalentAnswers(found, reference) ? correct : wrong;
  };
}

/** @throws when the column holds nothing to compare with */
function referenceAnswer(text: string): string {
  const solution = /\\boxed|\\fbox|####/.test(text) ? extractMathAnswer(text) : text;
  if (solution?.trim()) return solution;
  throw new Error(`mathMatch: the reference holds no answer, found ${JSON.stringify(text.slice(0, 100))}`);
}
