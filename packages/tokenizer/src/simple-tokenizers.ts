import { Tokenizer } from './tokenizer.ts';
import { trainBPE } from './train/train-bpe.ts';

export interface SimpleTokenizerOptions {
  /** Get the first ids, in this order. Default none. */
  specialTokens?: readonly string[];
}

/** A tokenizer whose tokens are the 256 bytes of UTF-8: byte `b` has the id `specialTokens.length` + its rank. */
export function byteTokenizer({ specialTokens = [] }: SimpleTokenizerOptions = {}): Tokenizer {
  return trainBPE([], { vocabSize: 256 + new Set(specialTokens).size, specialTokens });
}

export interface CharacterTokenizerOptions extends SimpleTokenizerOptions {
  /** Stands for other characters. Default `<unk>`; it gets the id after the special tokens. */
  unknownToken?: string;
}

/**
 * A tokenizer whose tokens are the characters of some texts, in code point order; others are unknown.
 * @param texts the texts, or the alphabet as one string
 */
export function characterTokenizer(
  texts: Iterable<string>,
  { specialTokens = [], unknownToken = '<unk>' }: CharacterTokenizerOptions = {},
): Tokenizer {
  const characters = new Set<string>();
  for (const text of texts) for (const char of text) characters.add(char);
  const byCodePoint = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!;
  const special = [...new Set([...specialTokens, unknownToken])];
  const tokens = [...new Set([...special, ...[...characters].sort(byCodePoint)])];
  const tokenizer = Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknownToken,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  });
  tokenizer.addTokens(special.map((content) => ({ content, special: true })));
  return tokenizer;
}
