/**
 * The layout of Hugging Face's `tokenizer.json`, version 1.0. Components are kept as they were read, so that
 * what this package does not interpret (unknown fields) still survives a round trip.
 */
export interface TokenizerJson {
  version?: string;
  truncation: TruncationJson | null;
  padding: PaddingJson | null;
  added_tokens: AddedTokenJson[];
  normalizer: ComponentJson | null;
  pre_tokenizer: ComponentJson | null;
  post_processor: ComponentJson | null;
  decoder: ComponentJson | null;
  model: ModelJson | BpeJson;
}

/** A normalizer, pre-tokenizer, post-processor or decoder: its `type` and that type's options. */
export interface ComponentJson {
  type: string;
  [option: string]: unknown;
}

/** A model. `type` may be missing in old files; its fields then tell which it is. */
export interface ModelJson {
  type?: string;
  [option: string]: unknown;
}

/** The options of a BPE model. */
export interface BpeConfig {
  type?: 'BPE';
  dropout?: number | null;
  unk_token?: string | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  fuse_unk?: boolean;
  byte_fallback?: boolean;
  ignore_merges?: boolean;
}

/** The `model` of a BPE tokenizer. */
export interface BpeJson extends BpeConfig {
  vocab: Record<string, number>;
  /** `['a', 'b']`, or `'a b'` in files written before 2024. */
  merges: ([string, string] | string)[];
}

/** A token matched in the text before the model sees it. */
export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** How long encodings are cut: see `encode`. */
export interface TruncationJson {
  direction?: 'Left' | 'Right';
  max_length: number;
  strategy: 'LongestFirst' | 'OnlyFirst' | 'OnlySecond';
  stride: number;
}

/** How encodings of a batch are made equally long. */
export interface PaddingJson {
  strategy: 'BatchLongest' | { Fixed: number };
  direction: 'Left' | 'Right';
  pad_to_multiple_of: number | null;
  pad_id: number;
  pad_type_id: number;
  pad_token: string;
}
