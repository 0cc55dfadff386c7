import { BERT_SPECIAL, fromBertVocab } from '../formats/bert.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { learnMerges } from './bpe-merges.ts';
import { characterWords } from './spelled-words.ts';
import { requireTokens, type Training, type TrainOptions, train } from './training.ts';

export interface TrainWordPieceOptions extends TrainOptions {
  /** Default 30,000. */
  vocabSize?: number;
  /** Lower-case and strip accents. Default true. */
  lowercase?: boolean;
  /** Pairs that occur less often are not joined. Default 0. */
  minFrequency?: number;
  /** At most this many different characters, the most frequent ones. Default: all. */
  limitAlphabet?: number;
  /** Characters that are in the alphabet even where the corpus has none. */
  initialAlphabet?: Iterable<string>;
  /** Get ids after `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`. Default none. */
  specialTokens?: readonly string[];
  /** Called as pieces are learned. */
  onProgress?: (tokens: number, vocabSize: number) => void;
}

const PREFIX = '##';

/**
 * Trains a BERT-like WordPiece tokenizer: pieces are learned by joining frequent pairs, as the trainer of
 * Hugging Face tokenizers does, and applied by longest match.
 * @throws where `vocabSize` cannot hold the special tokens and the alphabet
 */
export function trainWordPiece(texts: Iterable<string>, options: TrainWordPieceOptions = {}): Tokenizer {
  return train(texts, wordPieceTraining(options), options);
}

/** The training of `trainWordPiece`, for `trainAsync` and for counting on several threads. */
export function wordPieceTraining(options: TrainWordPieceOptions = {}): Training<Tokenizer> {
  const { vocabSize = 30_000, lowercase = true, minFrequency = 0, specialTokens = [] } = options;
  requireTokens(specialTokens, 'trainWordPiece');
  return {
    counter: {
      kind: 'components',
      normalizer: { type: 'BertNormalizer', lowercase },
      preTokenizer: { type: 'BertPreTokenizer' },
    },
    learn(words) {
      const tokens: string[] = [];
      const ids = new Map<string, number>();
      const idOf = (token: string) => {
        const known = ids.get(token);
        if (known !== undefined) return known;
        ids.set(token, tokens.length);
        return tokens.push(token) - 1;
      };
      for (const token of [...BERT_SPECIAL, ...specialTokens]) idOf(token);
      const { limitAlphabet: limit = Infinity, initialAlphabet: initial = [] } = options;
      const spelled = characterWords(words, idOf, { limit, initial, prefix: PREFIX, suffix: '' });
      if (!Number.isInteger(vocabSize) || vocabSize < tokens.length) {
        throw new Error(
          `trainWordPiece: vocabSize must be at least ${tokens.length} (special tokens and characters), found ${vocabSize}; or set limitAlphabet`,
        );
      }
      learnMerges(spelled, {
        minFrequency,
        maxTokenLength: Infinity,
        isFull: () => tokens.length >= vocabSize,
        join: (left, right) => {
          const id = idOf(tokens[left]! + tokens[right]!.slice(PREFIX.length));
          if (tokens.length % 256 === 0) options.onProgress?.(tokens.length, vocabSize);
          return id;
        },
      });
      options.onProgress?.(tokens.length, vocabSize);
      const tokenizer = fromBertVocab(tokens.map((token) => `${token}\n`).join(''), { lowercase });
      tokenizer.addTokens(specialTokens.map((content) => ({ content, special: true })));
      return tokenizer;
    },
  };
}
