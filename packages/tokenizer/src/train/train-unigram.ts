import { sentencePieceScript } from '../pre-tokenizers/unicode-scripts.ts';
import { type Piece, PieceType, type SentencePieceModel } from '../sentencepiece/model-file.ts';
import { SentencePieceNormalizer } from '../sentencepiece/normalizer.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { wellFormed } from '../text/well-formed.ts';
import { recurringSubstrings } from './suffix-pieces.ts';
import { bestPathCounts, digamma, expectations, findArcs, keepArcs } from './unigram-em.ts';
import { cheapestAlternatives } from './unigram-prune.ts';

export interface TrainUnigramOptions {
  /** Size of the vocabulary, special pieces included. Default 8,000. */
  vocabSize?: number;
  /** Share of the characters of the corpus that get a piece of their own; the rest is unknown. Default 0.9995. */
  characterCoverage?: number;
  /** Share of the pieces that each pruning keeps. Default 0.75. */
  shrinkingFactor?: number;
  /** EM steps between prunings. Default 2. */
  subIterations?: number;
  /** Pieces to begin with. Default 1,000,000. */
  seedSize?: number;
  /** Longest piece, in characters. Default 16. */
  maxPieceLength?: number;
  /** Pieces hold characters of one script. Default true. */
  splitByUnicodeScript?: boolean;
  /** Digits stand apart from letters. Default true. */
  splitByNumber?: boolean;
  /** Every digit is a piece of its own. Default false. */
  splitDigits?: boolean;
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
  /** Compiled rewriting rules, e.g. those of another model. Default none: texts stay as they are. */
  precompiledCharsmap?: Uint8Array;
  /** Called before each pruning. */
  onProgress?: (pieces: number, vocabSize: number) => void;
}

/**
 * Trains a Unigram model by EM with pruning, as SentencePiece does, and returns a tokenizer that writes a
 * `.model`. Texts are read once; distinct words are kept. Source: Kudo 2018, "Subword Regularization", 3.2.
 * @throws where `vocabSize` cannot hold the characters, or the corpus cannot fill it
 */
export function trainUnigram(texts: Iterable<string>, options: TrainUnigramOptions = {}): SentencePiece {
  const { vocabSize = 8000, shrinkingFactor = 0.75, subIterations = 2, hardVocabLimit = true } = options;
  const meta = metaPieces(options);
  const model = emptyModel(options, meta);
  const words = countWords(texts, model, options.userDefinedSymbols ?? []);
  const required = requiredCharacters(words, options.characterCoverage ?? 0.9995);
  if (vocabSize < meta.length + required.size) {
    throw new Error(
      `trainUnigram: vocabSize must be at least ${meta.length + required.size} (${meta.length} special pieces and ${required.size} characters), found ${vocabSize}; or lower characterCoverage`,
    );
  }

  const { spelled, counts, ...seeds } = seedPieces(words, required, options);
  let { pieces, scores }: { pieces: string[]; scores: Float64Array } = seeds;
  let arcs = findArcs(spelled, counts, pieces);
  const desired = Math.floor(vocabSize * 1.1);
  const keep = (ids: number[], newScores: Float64Array) => {
    const newId = new Int32Array(pieces.length).fill(-1);
    ids.forEach((id, i) => {
      newId[id] = i;
    });
    pieces = ids.map((id) => pieces[id]!);
    scores = newScores;
    arcs = keepArcs(arcs, newId);
  };
  for (;;) {
    for (let i = 0; i < subIterations; i++) {
      const { expected } = expectations(arcs, scores);
      const ids = [...pieces.keys()].filter((id) => expected[id]! >= 0.5);
      const total = digamma(ids.reduce((sum, id) => sum + expected[id]!, 0));
      keep(
        ids,
        Float64Array.from(ids, (id) => digamma(expected[id]!) - total),
      );
    }
    options.onProgress?.(pieces.length, vocabSize);
    if (pieces.length <= desired) break;
    const ids = survivors(
      pieces,
      scores,
      bestPathCounts(arcs, scores),
      Math.max(desired, Math.floor(shrinkingFactor * pieces.length)),
    );
    if (ids.length === pieces.length) break;
    keep(
      ids,
      Float64Array.from(ids, (id) => scores[id]!),
    );
  }

  const learned = finalPieces(pieces, scores, required, vocabSize - meta.length);
  if (hardVocabLimit && learned.length + meta.length < vocabSize) {
    throw new Error(
      `trainUnigram: the corpus gives ${learned.length + meta.length} pieces, vocabSize asks for ${vocabSize}; lower it or set hardVocabLimit: false`,
    );
  }
  return SentencePiece.fromParts({ ...model, pieces: [...meta, ...learned] });
}

/** Which pieces stay: those whose loss would cost most likelihood, up to `size`. */
function survivors(pieces: string[], scores: Float64Array, used: Float64Array, size: number): number[] {
  const alternatives = cheapestAlternatives(pieces, scores);
  const sum = used.reduce((a, b) => a + b, 0);
  const logSum = Math.log(sum);
  const kept: number[] = [];
  const candidates: { id: number; loss: number }[] = [];
  pieces.forEach((_, id) => {
    const alternative = alternatives[id]!;
    if (alternative === 'none') kept.push(id);
    else if (alternative !== 'better' && used[id]! > 0) {
      // All uses of the piece become uses of the pieces that would spell it.
      const logSumAfter = Math.log(sum + used[id]! * (alternative.length - 1));
      const logAfter = alternative.reduce(
        (log, other) => log + Math.log(used[other]! + used[id]!) - logSumAfter,
        0,
      );
      candidates.push({ id, loss: used[id]! * (Math.log(used[id]!) - logSum - logAfter) });
    }
  });
  candidates.sort((a, b) => b.loss - a.loss || a.id - b.id);
  for (const { id } of candidates) if (kept.length < size) kept.push(id);
  return kept.sort((a, b) => a - b);
}

/** All characters, then the best of the rest, by score. */
function finalPieces(
  pieces: string[],
  scores: Float64Array,
  required: Map<string, number>,
  size: number,
): Piece[] {
  const known = new Map(pieces.map((piece, id) => [piece, scores[id]!]));
  const lowest = scores.reduce((a, b) => Math.min(a, b), 0);
  const chosen = new Map<string, number>();
  let penalty = 0;
  for (const char of required.keys()) {
    const score = known.get(char);
    chosen.set(char, score ?? lowest + penalty);
    if (score === undefined) penalty += 0.0001;
  }
  for (const [piece, score] of byScore([...known]))
    if (chosen.size < size && !chosen.has(piece)) chosen.set(piece, score);
  return byScore([...chosen]).map(([piece, score]) => ({
    piece,
    score: Math.fround(score),
    type: PieceType.normal,
  }));
}

const byScore = (entries: [string, number][]) =>
  entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

function metaPieces({
  controlSymbols = [],
  userDefinedSymbols = [],
  byteFallback,
}: TrainUnigramOptions): Piece[] {
  const piece = (text: string, type: number) => ({ piece: text, score: 0, type });
  const bytes = Array.from({ length: byteFallback ? 256 : 0 }, (_, byte) =>
    piece(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, PieceType.byte),
  );
  return [
    piece('<unk>', PieceType.unknown),
    ...['<s>', '</s>', ...controlSymbols].map((text) => piece(text, PieceType.control)),
    ...userDefinedSymbols.map((text) => piece(text, PieceType.userDefined)),
    ...bytes,
  ];
}

function emptyModel(options: TrainUnigramOptions, pieces: Piece[]): SentencePieceModel {
  const { byteFallback = false, addDummyPrefix = true, removeExtraWhitespaces = true } = options;
  return {
    modelType: 'unigram',
    pieces,
    byteFallback,
    treatWhitespaceAsSuffix: false,
    unkId: 0,
    bosId: 1,
    eosId: 2,
    padId: -1,
    unkSurface: ' ⁇ ',
    normalizer: {
      name: options.precompiledCharsmap ? 'user_defined' : 'identity',
      precompiledCharsmap: options.precompiledCharsmap ?? new Uint8Array(0),
      addDummyPrefix,
      removeExtraWhitespaces,
      escapeWhitespaces: true,
    },
    denormalizerCharsmap: new Uint8Array(0),
  };
}

/** Distinct words, each beginning with its visible space, with their counts. */
function countWords(
  texts: Iterable<string>,
  model: SentencePieceModel,
  userDefined: readonly string[],
): Map<string, number> {
  const normalizer = new SentencePieceNormalizer(model, [...userDefined]);
  const words = new Map<string, number>();
  for (const text of texts) {
    for (const line of wellFormed(text).split(/\r?\n/)) {
      let normalized = normalizer.normalizeText(line);
      for (const symbol of userDefined) normalized = normalized.replaceAll(symbol, '\n');
      for (const [word] of normalized.matchAll(/▁[^▁\n]*|[^▁\n]+/g))
        words.set(word, (words.get(word) ?? 0) + 1);
    }
  }
  return words;
}

/** The most frequent characters that make up the wanted share of the corpus, most frequent first. */
function requiredCharacters(words: Map<string, number>, coverage: number): Map<string, number> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word, count] of words) {
    for (const char of word) {
      counts.set(char, (counts.get(char) ?? 0) + count);
      total += count;
    }
  }
  const required = new Map<string, number>();
  let covered = 0;
  for (const [char, count] of byScore([...counts])) {
    if (covered / total >= coverage) break;
    covered += count;
    if (char !== '\t' && char !== '\0') required.set(char, count);
  }
  return required;
}

/** The pieces to begin with and the words in terms of the required characters. */
function seedPieces(words: Map<string, number>, required: Map<string, number>, options: TrainUnigramOptions) {
  const { seedSize = 1_000_000, maxPieceLength = 16 } = options;
  const spelled: string[] = [];
  const counts: number[] = [];
  for (const [word, count] of words) {
    // Rare characters end what can be learned of a word.
    for (const part of splitAtRare(word, required)) {
      spelled.push(part);
      counts.push(count);
    }
  }
  const isValid = pieceFilter(options, maxPieceLength);
  const recurring = recurringSubstrings(spelled, counts, maxPieceLength * 2)
    .filter(({ text }) => isValid(text))
    .map(({ text, count }) => [text, count * [...text].length] as [string, number]);
  const seeds: [string, number][] = [...required, ...byScore(recurring).slice(0, seedSize)];
  const logTotal = Math.log(seeds.reduce((sum, [, weight]) => sum + weight, 0));
  return {
    pieces: seeds.map(([piece]) => piece),
    scores: Float64Array.from(seeds, ([, weight]) => Math.log(weight) - logTotal),
    spelled,
    counts,
  };
}

function splitAtRare(word: string, required: Map<string, number>): string[] {
  const parts = [''];
  for (const char of word) {
    if (required.has(char)) parts[parts.length - 1] += char;
    else parts.push('');
  }
  return parts.filter((part) => part !== '');
}

/** Says whether a substring may be a piece: length, spaces only in front, one script, digits by themselves. */
function pieceFilter(options: TrainUnigramOptions, maxLength: number): (text: string) => boolean {
  const { splitByUnicodeScript = true, splitByNumber = true, splitDigits = false } = options;
  return (text) => {
    const chars = [...text];
    if (chars.length < 2 || chars.length > maxLength) return false;
    let last: string | null = null;
    for (let i = 0; i < chars.length; i++) {
      const char = chars[i]!;
      if (char === '▁') {
        if (i > 0) return false;
        continue;
      }
      const isDigit = /\p{Nd}/u.test(char);
      if (isDigit && splitDigits) return false;
      let script: string | null = sentencePieceScript(char);
      if (script === 'Inherited') script = last;
      if (isDigit && !splitByNumber) script = null;
      if (splitByUnicodeScript && script !== null && last !== null && script !== last) return false;
      last = script;
    }
    return true;
  };
}
