import type { BpeJson, ModelJson } from '../tokenizer-json.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Where a model writes its tokens: parallel arrays, offsets in code units of the piece it was given. */
export class TokenSink {
  readonly ids: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Surface of the tokens (by index) whose text is not their vocabulary entry, e.g. unknown pieces. */
  readonly surfaces = new Map<number, string>();

  push(id: number, start: number, end: number, surface?: string): void {
    if (surface !== undefined) this.surfaces.set(this.ids.length, surface);
    this.ids.push(id);
    this.starts.push(start);
    this.ends.push(end);
  }
}

/** How one call of `tokenize` may differ from the tokenizer's usual behaviour. */
export interface TokenizeOptions {
  /** Ids that must not come out of ordinary text: the special tokens, unless the caller allows them. */
  forbidden?: ReadonlySet<number>;
  /** Source of randomness in [0, 1) for sampling models; without it encoding is deterministic. */
  random?: () => number;
  /** BPE: probability of dropping a merge. Unigram: inverse temperature. */
  alpha?: number;
}

/** The part of a tokenizer that turns pre-tokens into ids. */
export interface Model {
  readonly vocabulary: Vocabulary;
  /** Splits one pre-token into tokens. */
  tokenize(piece: string, sink: TokenSink, options?: TokenizeOptions): void;
  /** The model as it stands in `tokenizer.json`. */
  toJSON(): ModelJson | BpeJson;
}
