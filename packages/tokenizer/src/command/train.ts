import { trainFiles } from '../node/parallel-training.ts';
import type { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { type Normalization, readNormalizationRules } from '../sentencepiece/normalization-rules.ts';
import type { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { TrainSentencePieceOptions } from '../train/sentencepiece-parts.ts';
import { bpeTraining } from '../train/train-bpe.ts';
import { sentencePieceBpeTraining } from '../train/train-sentencepiece-bpe.ts';
import { unigramTraining } from '../train/train-unigram.ts';
import { wordPieceTraining } from '../train/train-word-piece.ts';
import type { Training } from '../train/training.ts';
import type { Print } from './index.ts';
import { readText } from './read-text.ts';
import { type Ending, outputFormat, saveTokenizer } from './save.ts';

export const TRAINABLE = ['bpe', 'wordpiece', 'unigram', 'sentencepiece-bpe'] as const;

/** What each of them can be written as. */
const OUTPUTS: Record<string, readonly Ending[]> = {
  bpe: ['.json', '.tiktoken', '/'],
  wordpiece: ['.json', '.txt'],
  unigram: ['.model', '.vocab', '.json'],
  'sentencepiece-bpe': ['.model', '.vocab', '.json'],
};

/** The options that not every model has, with those that have them. */
const SUITED: [option: keyof TrainCommandOptions, flag: string, models: readonly string[]][] = [
  ['pattern', '--pattern', ['bpe']],
  ['minFrequency', '--min-frequency', ['bpe', 'wordpiece']],
  ['characterCoverage', '--character-coverage', ['unigram', 'sentencepiece-bpe']],
  ['byteFallback', '--byte-fallback', ['unigram', 'sentencepiece-bpe']],
  ['splitDigits', '--split-digits', ['unigram', 'sentencepiece-bpe']],
  ['normalization', '--normalization', ['unigram', 'sentencepiece-bpe']],
  ['hardVocabLimit', '--no-hard-vocab-limit', ['unigram', 'sentencepiece-bpe']],
  ['lowercase', '--no-lowercase', ['wordpiece']],
];

/** @throws where an option would do nothing */
function requireSuited(options: Omit<TrainCommandOptions, 'out'>): void {
  const { model = 'bpe' } = options;
  for (const [option, flag, models] of SUITED) {
    const value = (options as Record<string, unknown>)[option];
    const isGiven = value !== undefined && !(flag.startsWith('--no-') && value === true);
    if (!isGiven || models.includes(model)) continue;
    throw new Error(`${flag} is for ${models.join(' and ')}, found --model ${model}; leave it out`);
  }
}

export interface TrainCommandOptions {
  /** The file to write: `.json`, `.tiktoken` or a folder for `bpe`, `.json` or `.txt` for `wordpiece`, else `.model`. */
  out: string;
  model?: (typeof TRAINABLE)[number];
  vocabSize?: number;
  special?: string[];
  pattern?: string;
  minFrequency?: number;
  lowercase?: boolean;
  characterCoverage?: number;
  byteFallback?: boolean;
  splitDigits?: boolean;
  /** The SentencePiece models: fail where the corpus does not give `vocabSize` pieces. Default true. */
  hardVocabLimit?: boolean;
  /** The SentencePiece models: how texts are rewritten, one of `NORMALIZATIONS` or a file of rules (.tsv). */
  normalization?: string;
  threads?: number;
  maxWords?: number;
  /** Called with how far it has come, in words for the user. */
  onProgress?: (line: string) => void;
}

/** `train`: learns a tokenizer from files, each line a text, and writes it. */
export async function trainCommand(
  files: readonly string[],
  { out, threads, maxWords, onProgress, ...options }: TrainCommandOptions,
  print: Print,
): Promise<void> {
  requireSuited(options);
  outputFormat(out, OUTPUTS[options.model ?? 'bpe']);
  const learning = (tokens: number, size: number) => onProgress?.(`learned ${tokens} of ${size}`);
  let trained: Tokenizer | SentencePiece;
  try {
    trained = await trainFiles<Tokenizer | SentencePiece>(files, trainingOf(options, learning), {
      threads,
      maxWords,
      onProgress: ({ counted, total, words }) => {
        const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
        const of = total === undefined ? '' : ` of ${megabytes(total)}`;
        onProgress?.(`counted ${megabytes(counted)}${of} MB, ${words} distinct words`);
      },
    });
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error(`${path}: no such file`);
    if (code === 'EISDIR') throw new Error(`${files.join(', ')}: must be files, found a folder`);
    throw new Error(
      `train: ${message.replace(/^train\w*: /, '').replace('set hardVocabLimit: false', 'pass --no-hard-vocab-limit')}`,
    );
  }
  saveTokenizer(trained, out);
  print(`${out}: ${trained.vocabSize} tokens`);
}

function normalizationOf(named: string | undefined): TrainSentencePieceOptions {
  if (named === undefined) return {};
  if (!named.endsWith('.tsv')) return { normalization: named as Normalization };
  try {
    return { normalizationRules: readNormalizationRules(readText(named)) };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(message.startsWith(named) ? message : `${named}: ${message}`);
  }
}

function trainingOf(
  options: Omit<TrainCommandOptions, 'out'>,
  onProgress: (tokens: number, size: number) => void,
): Training<Tokenizer | SentencePiece> {
  const { model = 'bpe', vocabSize = 8000, special = [], minFrequency, lowercase } = options;
  const { characterCoverage, byteFallback, splitDigits, hardVocabLimit } = options;
  const sentencePiece = {
    vocabSize,
    characterCoverage,
    byteFallback,
    splitDigits,
    hardVocabLimit,
    controlSymbols: special,
    ...normalizationOf(options.normalization),
    onProgress,
  };
  switch (model) {
    case 'bpe': {
      const pattern = options.pattern as keyof typeof PATTERNS | undefined;
      return bpeTraining({ vocabSize, minFrequency, specialTokens: special, pattern, onProgress });
    }
    case 'wordpiece':
      return wordPieceTraining({ vocabSize, minFrequency, specialTokens: special, lowercase, onProgress });
    case 'unigram':
      return unigramTraining(sentencePiece);
    case 'sentencepiece-bpe':
      return sentencePieceBpeTraining(sentencePiece);
    default:
      throw new Error(`model must be one of ${TRAINABLE.join(', ')}, found ${String(model)}`);
  }
}
