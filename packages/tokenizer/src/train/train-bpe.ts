import { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { BYTE_TO_CHAR } from '../text/byte-alphabet.ts';
import { Tokenizer } from '../tokenizer.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { learnMerges } from './bpe-merges.ts';
import { byteWords, characterWords } from './spelled-words.ts';
import { requireTokens, type Training, type TrainOptions, train } from './training.ts';
import type { WordCounterSpec } from './word-counter.ts';

export interface TrainBpeOptions extends TrainOptions {
  /** Size of the vocabulary, special tokens and the initial alphabet included. Default 30,000. */
  vocabSize?: number;
  /** Pairs that occur less often are not merged. Default 0. */
  minFrequency?: number;
  /** Get the first ids, in this order. Default none. */
  specialTokens?: readonly string[];
  /** Tokens cover fewer bytes (or characters) than this. Default: no limit. */
  maxTokenLength?: number;
  /** How texts are cut before bytes are joined: a preset, or a regular expression. Default `gpt2`. */
  pattern?: keyof typeof PATTERNS | { regex: string };
  /** BPE over characters instead of bytes. Default: bytes. */
  characters?: CharacterBpeOptions;
  /** Called as merges are learned. */
  onProgress?: (tokens: number, vocabSize: number) => void;
}

/** How to spell words in characters; see `BpeTrainer` of Hugging Face tokenizers. */
export interface CharacterBpeOptions {
  /** Default none. */
  normalizer?: ComponentJson | null;
  /** Default `Whitespace`. */
  preTokenizer?: ComponentJson | null;
  /** Default: `BPEDecoder` where there is an `endOfWordSuffix`, else none. */
  decoder?: ComponentJson | null;
  /** Stands for characters outside the alphabet, and becomes a special token. Default none: they are left out. */
  unknownToken?: string;
  /** At most this many different characters, the most frequent ones. Default: all. */
  limitAlphabet?: number;
  /** Characters that are in the alphabet even where the corpus has none. */
  initialAlphabet?: Iterable<string>;
  /** Marks symbols that do not begin a word, e.g. `##`. Default none. */
  continuingSubwordPrefix?: string;
  /** Marks symbols that end a word, e.g. `</w>`. Default none. */
  endOfWordSuffix?: string;
}

/**
 * Trains a BPE tokenizer (Sennrich et al. 2016; over bytes: Radford et al. 2019) on texts, which are read once
 * and not kept. The result is a pure function of texts and options, and equals that of `BpeTrainer` of Hugging
 * Face tokenizers with the same components.
 * @throws where `vocabSize` cannot hold the special tokens and the alphabet
 */
export function trainBPE(texts: Iterable<string>, options: TrainBpeOptions = {}): Tokenizer {
  return train(texts, bpeTraining(options), options);
}

/** The training of `trainBPE`, for `trainAsync` and for counting on several threads. */
export function bpeTraining(options: TrainBpeOptions = {}): Training<Tokenizer> {
  const { vocabSize = 30_000, minFrequency = 0, maxTokenLength = Infinity, characters } = options;
  const parts = characters ? characterParts(characters) : byteParts(options.pattern ?? 'gpt2');
  const unknown = characters?.unknownToken;
  requireTokens(options.specialTokens ?? [], 'trainBPE');
  const specialTokens = [
    ...new Set([...(unknown === undefined ? [] : [unknown]), ...(options.specialTokens ?? [])]),
  ];
  const require = (needed: number, alphabet: string) => {
    if (Number.isInteger(vocabSize) && vocabSize >= needed) return;
    throw new Error(
      `trainBPE: vocabSize must be at least ${needed} (${specialTokens.length} special tokens and ${alphabet}), found ${vocabSize}`,
    );
  };
  if (!characters) require(new Set([...specialTokens, ...BYTE_TO_CHAR]).size, '256 bytes');
  return {
    counter: parts.counter,
    learn(words) {
      const vocabulary = new Map<string, number>();
      const tokens: string[] = [];
      const idOf = (token: string) => {
        const known = vocabulary.get(token);
        if (known !== undefined) return known;
        vocabulary.set(token, tokens.length);
        return tokens.push(token) - 1;
      };
      for (const token of specialTokens) idOf(token);
      const spelled = characters
        ? characterWords(words, idOf, {
            limit: characters.limitAlphabet ?? Infinity,
            initial: characters.initialAlphabet ?? [],
            prefix: characters.continuingSubwordPrefix ?? '',
            suffix: characters.endOfWordSuffix ?? '',
          })
        : byteWords(words, idOf);
      require(tokens.length, characters ? `${tokens.length - specialTokens.length} characters` : '256 bytes');
      const prefix = characters?.continuingSubwordPrefix?.length ?? 0;
      const merges = learnMerges(spelled, {
        minFrequency,
        maxTokenLength,
        isFull: () => tokens.length >= vocabSize,
        join: (left, right) => {
          const id = idOf(tokens[left]! + tokens[right]!.slice(prefix));
          if (tokens.length % 256 === 0) options.onProgress?.(tokens.length, vocabSize);
          return id;
        },
      });
      options.onProgress?.(tokens.length, vocabSize);
      return assemble(vocabulary, dedupe(merges), tokens, specialTokens, parts, characters);
    },
  };
}

/** A pair learned twice keeps its later place, as in the reference. */
function dedupe(merges: [number, number][]): [number, number][] {
  const last = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  return merges.filter(([left, right], rank) => last.get(`${left} ${right}`) === rank);
}

interface Parts {
  counter: WordCounterSpec;
  normalizer: ComponentJson | null;
  preTokenizer: ComponentJson | null;
  decoder: ComponentJson | null;
}

function byteParts(pattern: NonNullable<TrainBpeOptions['pattern']>): Parts {
  const regex = typeof pattern === 'string' ? PATTERNS[pattern] : pattern.regex;
  if (regex === undefined) {
    throw new Error(
      `trainBPE: pattern must be one of ${Object.keys(PATTERNS).join(', ')} or { regex }, found ${String(pattern)}`,
    );
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
  return {
    counter: { kind: 'pattern', pattern: regex },
    normalizer: null,
    preTokenizer:
      regex === PATTERNS.gpt2
        ? { ...byteLevel, use_regex: true }
        : { type: 'Sequence', pretokenizers: [split, { ...byteLevel, use_regex: false }] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  };
}

function characterParts(options: CharacterBpeOptions): Parts {
  const { normalizer = null, preTokenizer = { type: 'Whitespace' }, endOfWordSuffix: suffix } = options;
  const { decoder = suffix ? { type: 'BPEDecoder', suffix } : null } = options;
  return { counter: { kind: 'components', normalizer, preTokenizer }, normalizer, preTokenizer, decoder };
}

function assemble(
  vocabulary: Map<string, number>,
  merges: [number, number][],
  tokens: string[],
  specialTokens: readonly string[],
  { normalizer, preTokenizer, decoder }: Parts,
  characters: CharacterBpeOptions | undefined,
): Tokenizer {
  const tokenizer = Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: characters?.unknownToken ?? null,
      continuing_subword_prefix: characters?.continuingSubwordPrefix ?? null,
      end_of_word_suffix: characters?.endOfWordSuffix ?? null,
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
