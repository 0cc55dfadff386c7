import { RewardError } from './failure.ts';
import { column, type Reward } from './reward.ts';

/** Options of `regexMatch`. */
export interface RegexMatchOptions {
  /** Column of the pattern, when rows bring their own. */
  column?: string;
  /** The pattern for all rows. */
  pattern?: RegExp | string;
  /** Flags of patterns given as text. Default `s`. */
  flags?: string;
}

/** Milliseconds for one match: the time of some patterns doubles with every letter. */
const TIME_LIMIT = 1000;

/**
 * 1 when the completion matches the pattern of its row, or the one pattern for all, else 0. Anchor it to demand the whole.
 * A match that takes more than a second fails (`timeout`), since patterns that come with data may be of the kind that never
 * ends. For a pattern of your own `matchesFormat` is simpler and synchronous.
 * @throws when there is no pattern, or it is none
 */
export function regexMatch({ column: name, pattern, flags = 's' }: RegexMatchOptions): Reward {
  if ((name === undefined) === (pattern === undefined))
    throw new Error('regexMatch: give either a column or a pattern');
  const compiled = pattern === undefined ? undefined : compile(pattern, flags);
  return async (completion, row) => {
    const own = compiled ?? compile(column(row, name!), flags);
    const { runInNewContext } = await import('node:vm');
    try {
      return runInNewContext(
        'pattern.test(text)',
        { pattern: own, text: completion },
        { timeout: TIME_LIMIT },
      )
        ? 1
        : 0;
    } catch {
      throw new RewardError('timeout', `regexMatch: ${own} took more than ${TIME_LIMIT} ms`);
    }
  };
}

function compile(pattern: RegExp | string, flags: string): RegExp {
  // Without g and y: those make `test` remember where it stopped.
  if (typeof pattern !== 'string') return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return new RegExp(pattern, flags.replace(/[gy]/g, ''));
}
