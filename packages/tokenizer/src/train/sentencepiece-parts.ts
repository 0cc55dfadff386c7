import { sentencePieceScript } from '../pre-tokenizers/unicode-scripts.ts';
import { type Piece, PieceType, type SentencePieceModel } from '../sentencepiece/model-file.ts';
import {
  type Normalization,
  type NormalizationRules,
  normalizationRules,
} from '../sentencepiece/normalization-rules.ts';
import { compileCharsMap } from '../text/chars-map-writer.ts';
import { compareCodePoints } from '../text/code-points.ts';
import { countCharacters } from './spelled-words.ts';
import type { TrainOptions } from './training.ts';
import type { WordCounts } from './word-counts.ts';

/** What training a SentencePiece model takes, whatever its kind; the names and defaults are `spm_train`'s. */
export interface TrainSentencePieceOptions extends TrainOptions {
  /** Size of the vocabulary, special pieces included. Default 8,000. */
  vocabSize?: number;
  /** Share of the characters of the corpus that get a piece of their own; the rest is unknown. Default 0.9995. */
  characterCoverage?: number;
  /** Longest piece, in characters. Default 16. */
  maxPieceLength?: number;
  /** Pieces hold characters of one script. Default true. */
  splitByUnicodeScript?: boolean;
  /** Digits stand apart from letters. Default true. */
  splitByNumber?: boolean;
  /** Every digit is a piece of its own. Default false. */
  splitDigits?: boolean;
  /** Pieces do not reach over spaces. Default true. */
  splitByWhitespace?: boolean;
  /** Runs of spaces may be pieces; for texts whose spaces matter. Default false. */
  allowWhitespaceOnlyPieces?: boolean;
  /** Spell unknown characters in bytes. Default false. */
  byteFallback?: boolean;
  /** Pieces found in texts as they are, never split or joined. Default none. */
  userDefinedSymbols?: readonly string[];
  /** Pieces with an id but no text, after `<unk>`, `<s>` and `</s>`. Default none. */
  controlSymbols?: readonly string[];
  /** Fail where the corpus does not give `vocabSize` pieces. Default true. */
  hardVocabLimit?: boolean;
  /** Put a space before each text. Default true. */
  addDummyPrefix?: boolean;
  /** Collapse runs of spaces. Default true. */
  removeExtraWhitespaces?: boolean;
  /**
   * Rules that rewrite texts before anything else, by SentencePiece's name. Default `identity`: texts stay as they are
   * (`spm_train` takes `nmt_nfkc` where nothing is said).
   */
  normalization?: Normalization;
  /** Rules of one's own in place of named ones; `readNormalizationRules` reads `normalization_rule_tsv`. */
  normalizationRules?: NormalizationRules;
  /** Compiled rules in place of those, e.g. those of another model. */
  precompiledCharsmap?: Uint8Array;
  /** Rules that rewrite decoded texts. Default none. */
  denormalizationRules?: NormalizationRules;
  /** Called as pieces are learned. */
  onProgress?: (pieces: number, vocabSize: number) => void;
}

/**
 * The model before it has learned anything: its special pieces and its normalizer.
 * @throws where several normalizations are asked for, or one that there is not
 */
export function emptyModel(
  modelType: 'unigram' | 'bpe',
  options: TrainSentencePieceOptions,
): SentencePieceModel {
  const { byteFallback = false, addDummyPrefix = true, removeExtraWhitespaces = true } = options;
  return {
    modelType,
    pieces: specialPieces(options),
    byteFallback,
    treatWhitespaceAsSuffix: false,
    unkId: 0,
    bosId: 1,
    eosId: 2,
    padId: -1,
    unkSurface: ' ⁇ ',
    normalizer: {
      ...normalizerOf(options),
      addDummyPrefix,
      removeExtraWhitespaces,
      escapeWhitespaces: true,
    },
    denormalizerCharsmap: compileCharsMap(options.denormalizationRules ?? new Map()),
  };
}

/** @throws where a special piece is empty or there twice */
function requireDifferent(pieces: Piece[]): Piece[] {
  const known = new Set<string>();
  for (const { piece } of pieces) {
    if (piece === '' || known.has(piece)) {
      const what = piece === '' ? 'is empty' : 'is there already';
      throw new Error(
        `controlSymbols, userDefinedSymbols: the piece ${JSON.stringify(piece)} ${what}; leave it out`,
      );
    }
    known.add(piece);
  }
  return pieces;
}

function normalizerOf(options: TrainSentencePieceOptions): { name: string; precompiledCharsmap: Uint8Array } {
  const { normalization, normalizationRules: rules, precompiledCharsmap } = options;
  if ([normalization, rules, precompiledCharsmap].filter((each) => each !== undefined).length > 1) {
    throw new Error('give one of normalization, normalizationRules and precompiledCharsmap, found several');
  }
  if (precompiledCharsmap) return { name: 'user_defined', precompiledCharsmap };
  if (rules) return { name: 'user_defined', precompiledCharsmap: compileCharsMap(rules) };
  const name = normalization ?? 'identity';
  return { name, precompiledCharsmap: compileCharsMap(normalizationRules(name)) };
}

function specialPieces(options: TrainSentencePieceOptions): Piece[] {
  const { controlSymbols = [], userDefinedSymbols = [], byteFallback = false } = options;
  const piece = (text: string, type: number) => ({ piece: text, score: 0, type });
  const bytes = Array.from({ length: byteFallback ? 256 : 0 }, (_, byte) =>
    piece(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, PieceType.byte),
  );
  return requireDifferent([
    piece('<unk>', PieceType.unknown),
    ...['<s>', '</s>', ...controlSymbols].map((text) => piece(text, PieceType.control)),
    ...userDefinedSymbols.map((text) => piece(text, PieceType.userDefined)),
    ...bytes,
  ]);
}

/**
 * The most frequent characters that make up the wanted share of the corpus, most frequent first.
 * @throws where the vocabulary cannot hold them
 */
export function requiredCharacters(
  words: WordCounts,
  specials: number,
  options: TrainSentencePieceOptions,
  caller: string,
): Map<string, number> {
  const { characterCoverage = 0.9995, vocabSize = 8000, maxPieceLength = 16 } = options;
  if (!(characterCoverage > 0 && characterCoverage <= 1)) {
    throw new Error(`${caller}: characterCoverage must be above 0 and at most 1, found ${characterCoverage}`);
  }
  if (!Number.isInteger(maxPieceLength) || maxPieceLength < 1) {
    throw new Error(`${caller}: maxPieceLength must be an integer >= 1, found ${maxPieceLength}`);
  }
  const counts = countCharacters(words);
  let total = 0;
  for (const count of counts.values()) total += count;
  const required = new Map<string, number>();
  let covered = 0;
  for (const [char, count] of byFrequency([...counts])) {
    if (covered / total >= characterCoverage) break;
    covered += count;
    if (char !== BOUNDARY && char !== '\0') required.set(char, count);
  }
  const needed = specials + required.size;
  if (!Number.isInteger(vocabSize) || vocabSize < needed) {
    throw new Error(
      `${caller}: vocabSize must be at least ${needed} (${specials} special pieces and ${required.size} characters), found ${vocabSize}; or lower characterCoverage`,
    );
  }
  return required;
}

/** @throws where the corpus gave fewer pieces than asked for and that is not allowed */
export function checkSize(pieces: number, options: TrainSentencePieceOptions, caller: string): void {
  const { vocabSize = 8000, hardVocabLimit = true } = options;
  if (!hardVocabLimit || pieces >= vocabSize) return;
  throw new Error(
    `${caller}: the corpus gives ${pieces} pieces, vocabSize asks for ${vocabSize}; lower it or set hardVocabLimit: false`,
  );
}

/** Stands where a special piece was; no piece holds it. */
export const BOUNDARY = '\n';

/** Stands for rare characters; no piece holds it. */
export const RARE_SYMBOL = '\u2585';

/** The highest first; equal ones by their text. */
export const byFrequency = (entries: [string, number][]): [string, number][] =>
  entries.sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));

/** The parts of a word between characters that are not required. */
export function splitAtRare(word: string, required: Map<string, number>): string[] {
  const parts = [''];
  for (const char of word) {
    if (required.has(char)) parts[parts.length - 1] += char;
    else parts.push('');
  }
  return parts.filter((part) => part !== '');
}

const DIGIT = /\p{Nd}/u;
/** Bits of what is asked of a character; those above are the number of its script. */
const IS_DIGIT = 1;
const IS_FORBIDDEN = 2;
const IS_BLANK = 4;
const SCRIPT = 3;
const INHERITED = 'Inherited';

/** What `pieceFilter` asks of characters, found out once for each. */
function characterKinds(): (code: number) => number {
  const kinds = new Map<number, number>();
  // Asked for again and again.
  const near = new Int32Array(0x3100);
  const scripts: string[] = [INHERITED];
  const find = (code: number): number => {
    const char = String.fromCodePoint(code);
    const script = sentencePieceScript(char);
    if (!scripts.includes(script)) scripts.push(script);
    const isForbidden = char === BOUNDARY || char === RARE_SYMBOL;
    const bits =
      (DIGIT.test(char) ? IS_DIGIT : 0) |
      (isForbidden ? IS_FORBIDDEN : 0) |
      (char === '▁' ? IS_BLANK : 0) |
      ((scripts.indexOf(script) + 1) << SCRIPT);
    kinds.set(code, bits);
    if (code < near.length) near[code] = bits;
    return bits;
  };
  return (code) => (code < near.length ? near[code] : kinds.get(code)) || find(code);
}

/** Says whether a text of several characters may be a piece: its length, where its spaces are, its scripts. */
export function pieceFilter(options: TrainSentencePieceOptions): (text: string) => boolean {
  const { splitByUnicodeScript = true, splitByNumber = true, splitDigits = false } = options;
  const { maxPieceLength = 16, splitByWhitespace = true, allowWhitespaceOnlyPieces = false } = options;
  const kindOf = characterKinds();
  return (text) => {
    if (text.length > maxPieceLength * 2) return false;
    const isBlank = allowWhitespaceOnlyPieces && /^▁*$/.test(text);
    let last = 0; // number of a script, plus 1; 0 = none
    let count = 0;
    for (let at = 0; at < text.length; count++) {
      const code = text.codePointAt(at)!;
      const isFirst = at === 0;
      at += code > 0xffff ? 2 : 1;
      const kind = kindOf(code);
      if (kind & (IS_FORBIDDEN | IS_BLANK)) {
        if (kind & IS_FORBIDDEN) return false;
        // Spaces begin pieces; where words are not split they may also stand within.
        if (!isBlank && !isFirst && (splitByWhitespace || at === text.length)) return false;
        continue;
      }
      let script = kind >> SCRIPT;
      if (script === 1) script = last; // inherited
      if (kind & IS_DIGIT) {
        if (splitDigits) return false;
        if (!splitByNumber) script = 0;
      }
      if (splitByUnicodeScript && script !== 0 && last !== 0 && script !== last) return false;
      last = script;
    }
    return count >= 2 && count <= maxPieceLength;
  };
}
