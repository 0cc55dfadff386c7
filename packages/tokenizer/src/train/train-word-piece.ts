import { fromBertVocab } from '../formats/bert.ts';
import { createNormalizer } from '../normalizers/normalizer.ts';
import { createPreTokenizer } from '../pre-tokenizers/pre-tokenizer.ts';
import { AlignedText } from '../text/aligned-text.ts';
import { wellFormed } from '../text/well-formed.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { learnMerges } from './bpe-merges.ts';

export interface TrainWordPieceOptions {
  /** Default 30,000. */
  vocabSize?: number;
  /** Lower-case and strip accents. Default true. */
  lowercase?: boolean;
  /** Pairs that occur less often are not joined. Default 0. */
  minFrequency?: number;
  /** At most this many different characters, the most frequent ones. Default: all. */
  limitAlphabet?: number;
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const PREFIX = '##';

/**
 * Trains a BERT-like WordPiece tokenizer: pieces are learned by joining frequent pairs, as the trainer of
 * Hugging Face tokenizers does, and applied by longest match.
 * @throws where `vocabSize` cannot hold the special tokens and the alphabet
 */
export function trainWordPiece(texts: Iterable<string>, options: TrainWordPieceOptions = {}): Tokenizer {
  const {
    vocabSize = 30_000,
    lowercase = true,
    minFrequency = 0,
    limitAlphabet = Number.POSITIVE_INFINITY,
  } = options;
  const words = countWords(texts, lowercase);
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  const idOf = (token: string) => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    ids.set(token, tokens.length);
    return tokens.push(token) - 1;
  };
  for (const token of SPECIAL) idOf(token);
  const alphabet = new Set(alphabetOf(words, limitAlphabet));
  for (const char of alphabet) idOf(char);

  const symbols: number[] = [];
  const starts: number[] = [];
  const lengths: number[] = [];
  for (const word of words.keys()) {
    starts.push(symbols.length);
    [...word].forEach((char, i) => {
      if (alphabet.has(char)) symbols.push(idOf(i === 0 ? char : PREFIX + char));
    });
    lengths.push(symbols.length - starts.at(-1)!);
  }
  if (vocabSize < tokens.length) {
    throw new Error(
      `trainWordPiece: vocabSize must be at least ${tokens.length} (special tokens and characters), found ${vocabSize}; or set limitAlphabet`,
    );
  }
  learnMerges(
    {
      symbols: Int32Array.from(symbols),
      starts: Int32Array.from(starts),
      lengths: Int32Array.from(lengths),
      counts: Float64Array.from(words.values()),
    },
    {
      minFrequency,
      maxTokenLength: Infinity,
      isFull: () => tokens.length >= vocabSize,
      join: (left, right) => idOf(tokens[left]! + tokens[right]!.slice(PREFIX.length)),
    },
  );
  return fromBertVocab(tokens.map((token) => `${token}\n`).join(''), { lowercase });
}

function countWords(texts: Iterable<string>, lowercase: boolean): Map<string, number> {
  const normalize = createNormalizer({ type: 'BertNormalizer', lowercase });
  const split = createPreTokenizer({ type: 'BertPreTokenizer' });
  const words = new Map<string, number>();
  for (const text of texts) {
    for (const { text: word } of split([normalize(new AlignedText(wellFormed(text)))])) {
      words.set(word, (words.get(word) ?? 0) + 1);
    }
  }
  return words;
}

/** The characters in code point order; where there are too many, the least frequent are left out. */
function alphabetOf(words: Map<string, number>, limit: number): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const char of word) counts.set(char, (counts.get(char) ?? 0) + count);
  }
  const order = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!;
  return [...counts.keys()]
    .sort((a, b) => counts.get(b)! - counts.get(a)! || order(a, b))
    .slice(0, limit)
    .sort(order);
}
