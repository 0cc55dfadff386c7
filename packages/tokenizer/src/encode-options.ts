import type { PaddingJson, TruncationJson } from './tokenizer-json.ts';

/**
 * What becomes of special tokens written out in a text: `text` encodes them as ordinary characters (the
 * default: user input cannot inject them), `allow` matches them all, `refuse` throws, a list matches those.
 */
export type SpecialTokens = 'text' | 'allow' | 'refuse' | readonly string[];

/** How to cut encodings that are too long. */
export interface Truncation {
  /** Tokens that remain at most, special tokens included. */
  maxLength: number;
  /** By how many tokens the overflowing parts overlap. Default 0. */
  stride?: number;
  /** Which of a pair to cut. Default `LongestFirst`. */
  strategy?: TruncationJson['strategy'];
  /** The side to cut from. Default `Right`. */
  direction?: 'Left' | 'Right';
}

/** How to make encodings equally long. */
export interface Padding {
  /** Default: the longest of the batch. */
  length?: number;
  /** Round the length up to a multiple of this. */
  multipleOf?: number;
  /** Default `Right`. */
  direction?: 'Left' | 'Right';
  /** The padding token. Default: the one of `tokenizer.json`, else `[PAD]`. */
  token?: string;
  /** Default: the id of the token. */
  id?: number;
  /** Default 0. */
  typeId?: number;
}

export interface EncodeOptions {
  /** Default `text`. */
  specialTokens?: SpecialTokens;
  /** Let the post-processor add its tokens (`[CLS]`, `<s>` ...). Default true. */
  addSpecialTokens?: boolean;
  /** A second sequence, e.g. an answer to a question. */
  pair?: string;
  /** Cut long encodings; `true` takes the settings of `tokenizer.json`. Default: never cut. */
  truncation?: boolean | Truncation;
  /** Pad short encodings; `true` takes the settings of `tokenizer.json`. Default: never pad. */
  padding?: boolean | Padding;
  /** Sample a segmentation (BPE-dropout or Unigram sampling) instead of taking the best one. */
  sampling?: Sampling;
}

/** Subword regularization: another segmentation of the same text at each call. */
export interface Sampling {
  /** BPE: probability of leaving a merge out. Unigram: exponent on the probabilities. Default 0.1. */
  alpha?: number;
  /** The same seed gives the same segmentation. Default 0. */
  seed?: number;
}

/** Options in the shape of `tokenizer.json`, or null for no truncation. */
export function resolveTruncation(
  option: boolean | Truncation | undefined,
  file: TruncationJson | null,
): TruncationJson | null {
  if (!option) return null;
  if (option === true) return file;
  const { maxLength, stride = 0, strategy = 'LongestFirst', direction = 'Right' } = option;
  if (!Number.isInteger(maxLength) || maxLength < 0) {
    throw new Error(`truncation.maxLength must be an integer >= 0, found ${maxLength}`);
  }
  return { max_length: maxLength, stride, strategy, direction };
}

/** Options in the shape of `tokenizer.json`, or null for no padding. */
export function resolvePadding(
  option: boolean | Padding | undefined,
  file: PaddingJson | null,
  idOf: (token: string) => number | undefined,
): PaddingJson | null {
  if (!option) return null;
  if (option === true && file) return file;
  const given = option === true ? {} : option;
  const token = given.token ?? file?.pad_token ?? '[PAD]';
  const id = given.id ?? idOf(token) ?? (given.token === undefined ? file?.pad_id : undefined);
  if (id === undefined) {
    throw new Error(`padding.token ${JSON.stringify(token)} is not in the vocabulary; name another one`);
  }
  return {
    strategy: given.length === undefined ? 'BatchLongest' : { Fixed: given.length },
    direction: given.direction ?? file?.direction ?? 'Right',
    pad_to_multiple_of: given.multipleOf ?? file?.pad_to_multiple_of ?? null,
    pad_id: id,
    pad_type_id: given.typeId ?? file?.pad_type_id ?? 0,
    pad_token: token,
  };
}
