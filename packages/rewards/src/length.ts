import type { CompletionInfo, Reward } from './reward.ts';

/** What rewards of the length share. */
export interface LengthOptions {
  /** Length of a completion. Default: its number of tokens, which the sampler tells. */
  length?: (completion: string, info?: CompletionInfo) => number;
}

/** @throws when the sampler told no tokens */
export function tokenCount(_completion: string, info?: CompletionInfo): number {
  if (info?.ids) return info.ids.length;
  throw new Error('length: the number of tokens is not known; pass infos with ids, or a `length` function');
}

/** Options of `cosineLength`. */
export interface CosineLengthOptions extends LengthOptions {
  /** Says whether a completion is right: a score above 0. */
  correctness: Reward;
  /** Length at which the cosine ends. */
  maxLength: number;
  /** Scores of right answers at length 0 and at `maxLength`. Default 2 and 1, as in the paper. */
  correct?: readonly [short: number, long: number];
  /** Scores of wrong answers at length 0 and at `maxLength`. Default −10 and 0, as in the paper. */
  wrong?: readonly [short: number, long: number];
  /** Score beyond `maxLength`. Default: that of the long end. The paper takes −10 at the exceeded limit. */
  exceeded?: number;
}

/**
 * The cosine reward of "Demystifying Long Chain-of-Thought Reasoning" (arXiv 2502.03373, section 4.2): right answers score
 * more when short, wrong ones when long, along half a cosine over the length.
 */
export function cosineLength(options: CosineLengthOptions): Reward {
  const { correctness, maxLength, correct = [2, 1], wrong = [-10, 0], exceeded } = options;
  const { length = tokenCount } = options;
  if (!(maxLength > 0)) throw new Error(`cosineLength: maxLength must be above 0, found ${maxLength}`);
  return async (completion, row, info) => {
    const tokens = length(completion, info);
    const right = (await correctness(completion, row, info)) > 0;
    if (tokens > maxLength && exceeded !== undefined) return exceeded;
    const [short, long] = right ? correct : wrong;
    const progress = Math.min(1, tokens / maxLength);
    return long + 0.5 * (short - long) * (1 + Math.cos(progress * Math.PI));
  };
}

/** Options of `softOverlong`. */
export interface SoftOverlongOptions extends LengthOptions {
  /** Longest answer that generation allows. */
  maxLength: number;
  /** Over how many tokens before it the penalty grows. */
  buffer: number;
}

/**
 * The soft overlong punishment of DAPO (arXiv 2503.14476, eq. 13): 0 up to `maxLength − buffer`, falling to −1 at
 * `maxLength`, −1 beyond.
 */
export function softOverlong({ maxLength, buffer, length = tokenCount }: SoftOverlongOptions): Reward {
  if (!(buffer >= 0 && buffer <= maxLength))
    throw new Error(`softOverlong: buffer must be from 0 to maxLength ${maxLength}, found ${buffer}`);
  return (completion, _row, info) => {
    const over = length(completion, info) - (maxLength - buffer);
    if (over <= 0) return 0;
    return over <= buffer ? -over / buffer : -1;
  };
}
