import type { Reward } from './reward.ts';

/** Options of `repetitionPenalty`. */
export interface RepetitionPenaltyOptions {
  /** Tokens (or words) that make up what may repeat. Default 3. */
  n?: number;
  /** Score of a completion that only repeats itself; not above 0. Default −1. */
  maxPenalty?: number;
  /** What is counted: the sampler's `tokens` (default), or `words` of the lower-cased text. */
  unit?: 'tokens' | 'words';
}

/**
 * Penalises repeated n-grams: `maxPenalty` times the share of n-grams that occurred before (arXiv 2502.03373, appendix
 * C.2). 0 for completions shorter than n.
 * @throws when n is no whole number above 0, or the penalty is above 0
 */
export function repetitionPenalty(options: RepetitionPenaltyOptions = {}): Reward {
  const { n = 3, maxPenalty = -1, unit = 'tokens' } = options;
  if (!Number.isInteger(n) || n < 1)
    throw new Error(`repetitionPenalty: n must be a whole number above 0, found ${n}`);
  if (!(maxPenalty <= 0))
    throw new Error(`repetitionPenalty: maxPenalty must not be above 0, found ${maxPenalty}`);
  return (completion, _row, info) => {
    if (unit === 'tokens' && !info?.ids)
      throw new Error('repetitionPenalty: the tokens are not known; pass infos with ids, or count words');
    const units = unit === 'tokens' ? Array.from(info!.ids!) : (completion.toLowerCase().match(/\S+/g) ?? []);
    const total = units.length - n + 1;
    if (total < 1) return 0;
    const seen = new Set(Array.from({ length: total }, (_, i) => units.slice(i, i + n).join(' ')));
    // Not −0.
    return seen.size === total ? 0 : (1 - seen.size / total) * maxPenalty;
  };
}
