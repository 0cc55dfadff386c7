import { PATTERNS, type Scanner, scannerFor } from '../pre-tokenizers/scanners.ts';
import { BYTE_TO_CHAR, textToByteChars } from '../text/byte-alphabet.ts';
import { wellFormed } from '../text/well-formed.ts';
import { WordTable } from '../text/word-table.ts';
import { Tokenizer } from '../tokenizer.ts';
import { type CountedWords, learnMerges } from './bpe-merges.ts';

export interface TrainBpeOptions {
  /** Size of the vocabulary, special tokens and the 256 bytes included. Default 30,000. */
  vocabSize?: number;
  /** Pairs that occur less often are not merged. Default 0. */
  minFrequency?: number;
  /** Get the first ids, in this order. Default none. */
  specialTokens?: readonly string[];
  /** Tokens cover fewer bytes than this. Default: no limit. */
  maxTokenLength?: number;
  /** Called as merges are learned. */
  onProgress?: (tokens: number, vocabSize: number) => void;
}

/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016; bytes: Radford et al. 2019) on texts, which are
 * read once and not kept. The result is a pure function of texts and options, and equals that of
 * `BpeTrainer` with the `ByteLevel` pre-tokenizer and initial alphabet of Hugging Face tokenizers.
 * @throws where `vocabSize` cannot hold the special tokens and the 256 bytes
 */
export function trainBPE(texts: Iterable<string>, options: TrainBpeOptions = {}): Tokenizer {
  const { vocabSize = 30_000, minFrequency = 0, maxTokenLength = Number.POSITIVE_INFINITY } = options;
  const vocabulary = new Map<string, number>();
  const tokens: string[] = [];
  const idOf = (token: string) => {
    const known = vocabulary.get(token);
    if (known !== undefined) return known;
    vocabulary.set(token, tokens.length);
    return tokens.push(token) - 1;
  };
  const specialTokens = options.specialTokens ?? [];
  for (const token of specialTokens) idOf(token);
  for (const char of [...BYTE_TO_CHAR].sort()) idOf(char);
  if (!Number.isInteger(vocabSize) || vocabSize < tokens.length) {
    throw new Error(
      `trainBPE: vocabSize must be at least ${tokens.length} (${specialTokens.length} special tokens and 256 bytes), found ${vocabSize}`,
    );
  }

  const words = countedWords(countWords(texts, scannerFor(PATTERNS.gpt2)!), (char) => vocabulary.get(char)!);
  const merges = learnMerges(words, {
    minFrequency,
    maxTokenLength,
    isFull: () => tokens.length >= vocabSize,
    join: (left, right) => {
      const id = idOf(tokens[left]! + tokens[right]!);
      if (tokens.length % 256 === 0) options.onProgress?.(tokens.length, vocabSize);
      return id;
    },
  });
  options.onProgress?.(tokens.length, vocabSize);
  return byteLevelTokenizer(vocabulary, dedupe(merges), tokens, specialTokens);
}

/** A pair learned twice keeps its later place, as in the reference. */
function dedupe(merges: [number, number][]): [number, number][] {
  const last = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  return merges.filter(([left, right], rank) => last.get(`${left} ${right}`) === rank);
}

function byteLevelTokenizer(
  vocabulary: Map<string, number>,
  merges: [number, number][],
  tokens: string[],
  specialTokens: readonly string[],
): Tokenizer {
  const tokenizer = Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges: merges.map(([left, right]) => [tokens[left]!, tokens[right]!]),
    },
  });
  tokenizer.addTokens(specialTokens.map((content) => ({ content, special: true })));
  return tokenizer;
}

/** Distinct words and how often each occurs. */
interface WordCounts {
  words: WordTable;
  counts: number[];
}

function countWords(texts: Iterable<string>, scan: Scanner): WordCounts {
  const words = new WordTable(1 << 12);
  const counts: number[] = [];
  for (const raw of texts) {
    const text = wellFormed(raw);
    for (let at = 0; at < text.length; ) {
      const end = scan(text, at, text.length);
      const hash = WordTable.hash(text, at, end);
      let word = words.find(text, at, end, hash);
      if (word < 0) {
        word = words.add(text, at, end, hash);
        counts.push(0);
      }
      counts[word]!++;
      at = end;
    }
  }
  return { words, counts };
}

function countedWords({ words, counts }: WordCounts, idOf: (char: string) => number): CountedWords {
  const symbols: number[] = [];
  const starts = new Int32Array(counts.length);
  const lengths = new Int32Array(counts.length);
  for (let word = 0; word < counts.length; word++) {
    starts[word] = symbols.length;
    for (const char of textToByteChars(words.key(word))) symbols.push(idOf(char));
    lengths[word] = symbols.length - starts[word]!;
  }
  return { symbols: Int32Array.from(symbols), starts, lengths, counts: Float64Array.from(counts) };
}
