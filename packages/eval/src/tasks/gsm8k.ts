import { extractGsm8kAnswer, gsm8k, parseNumber } from '@attune/rewards';
import type { Task, TaskRow } from '../task.ts';

/** Options of `gsm8kTask`. */
export interface Gsm8kTaskOptions {
  /** Default `gsm8k`. */
  name?: string;
  /** `strict` (default) takes the number after `####`, `flexible` the last number. */
  mode?: 'strict' | 'flexible';
  /** Solved problems that are put before the question when it is asked as plain text. Default: none. */
  examples?: readonly TaskRow[];
}

/**
 * Grade-school word problems (Cobbe et al. 2021, arXiv 2110.14168), and anything with the same columns: `question`,
 * and `answer` as a solution that ends in `#### <number>`. Answers are scored 1 or 0.
 *
 * Without examples the prompt is the question alone, for models trained on such pairs.
 *
 * @throws when a row lacks a question or a number to compare with
 */
export function gsm8kTask(rows: readonly TaskRow[], options: Gsm8kTaskOptions = {}): Task {
  const { name = 'gsm8k', mode = 'strict', examples = [] } = options;
  for (const [i, row] of rows.entries()) {
    if (typeof row.question !== 'string') throw new Error(`${name}: row ${i} has no question`);
    if (parseNumber(extractGsm8kAnswer(String(row.answer)) ?? String(row.answer)) === undefined)
      throw new Error(
        `${name}: row ${i} has no answer that is a number, found ${JSON.stringify(row.answer)}`,
      );
  }
  const score = gsm8k({ mode });
  const shots = examples
    .map(({ question, answer }) => `Question: ${question}\nAnswer: ${answer}\n\n`)
    .join('');
  return {
    name,
    rows,
    prompt: ({ question }) =>
      examples.length > 0 ? `${shots}Question: ${question}\nAnswer:` : String(question),
    score,
    answer: (completion) => {
      const stated = extractGsm8kAnswer(completion, mode);
      return stated === undefined ? undefined : String(parseNumber(stated) ?? stated);
    },
    sampling: examples.length > 0 ? { stop: ['\n\nQuestion:'] } : {},
  };
}

/** Generated word problems (`wordProblems` of `@attune/data`), asked and scored as GSM8K. */
export function wordProblemsTask(rows: readonly TaskRow[]): Task {
  return gsm8kTask(rows, { name: 'word-problems' });
}
