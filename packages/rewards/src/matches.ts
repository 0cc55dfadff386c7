import { lastNumber, sameAnswer } from './numbers.ts';
import { column, type Reward } from './reward.ts';

/** Options of `exactMatch`. */
export interface ExactMatchOptions {
  /** Column of the reference. Default `answer`. */
  answer?: string;
  /** Default false. */
  ignoreCase?: boolean;
  /** Takes the answer out of the completion, e.g. `extractTag`. Default: all of it. */
  extract?: (completion: string) => string | undefined;
}

/** 1 when the answer equals the reference but for surrounding white space, else 0. */
export function exactMatch({
  answer = 'answer',
  ignoreCase = false,
  extract = (c) => c,
}: ExactMatchOptions = {}): Reward {
  const normal = (text: string) => (ignoreCase ? text.trim().toLowerCase() : text.trim());
  return (completion, row) => {
    const found = extract(completion);
    return found !== undefined && normal(found) === normal(column(row, answer)) ? 1 : 0;
  };
}

/** Options of `numberMatch`. */
export interface NumberMatchOptions {
  /** Column of the reference. Default `answer`. */
  answer?: string;
  /** Takes the answer out of the completion. Default: the last number in it. */
  extract?: (completion: string) => string | undefined;
}

/** 1 when the answer is the same number as the reference however it is written (`1,000`, `$1000`, `1000.0`), else 0. */
export function numberMatch({ answer = 'answer', extract = lastNumber }: NumberMatchOptions = {}): Reward {
  return (completion, row) => {
    const found = extract(completion);
    return found !== undefined && sameAnswer(found, column(row, answer)) ? 1 : 0;
  };
}
