import { type Piece, PieceType } from '../sentencepiece/model-file.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import {
  byFrequency,
  checkSize,
  emptyModel,
  pieceFilter,
  requiredCharacters,
  splitAtRare,
  type TrainSentencePieceOptions,
} from './sentencepiece-parts.ts';
import { counterOf, sentencePieceWords } from './sentencepiece-words.ts';
import { recurringSubstrings } from './suffix-pieces.ts';
import { type Training, train } from './training.ts';
import { bestPathCounts, digamma, expectations, findArcs, keepArcs } from './unigram-em.ts';
import { cheapestAlternatives } from './unigram-prune.ts';
import type { WordCounts } from './word-counts.ts';

export interface TrainUnigramOptions extends TrainSentencePieceOptions {
  /** Share of the pieces that each pruning keeps. Default 0.75. */
  shrinkingFactor?: number;
  /** EM steps between prunings. Default 2. */
  subIterations?: number;
  /** Pieces to begin with. Default 1,000,000. */
  seedSize?: number;
  /** Distinct words to learn from at most, the most frequent ones: that bounds memory and time. Default 1,000,000. */
  trainingWords?: number;
}

/**
 * Trains a Unigram model by EM with pruning, as SentencePiece does, and returns a tokenizer that writes a
 * `.model`. Texts are read once; distinct words are kept. Source: Kudo 2018, "Subword Regularization", 3.2.
 * @throws where `vocabSize` cannot hold the characters, or the corpus cannot fill it
 */
export function trainUnigram(texts: Iterable<string>, options: TrainUnigramOptions = {}): SentencePiece {
  return train(texts, unigramTraining(options), options);
}

/** The training of `trainUnigram`, for `trainAsync` and for counting on several threads. */
export function unigramTraining(options: TrainUnigramOptions = {}): Training<SentencePiece> {
  const { shrinkingFactor = 0.75, subIterations = 2 } = options;
  if (!(shrinkingFactor > 0 && shrinkingFactor < 1)) {
    throw new Error(`trainUnigram: shrinkingFactor must be between 0 and 1, found ${shrinkingFactor}`);
  }
  if (!Number.isInteger(subIterations) || subIterations < 1) {
    throw new Error(`trainUnigram: subIterations must be an integer >= 1, found ${subIterations}`);
  }
  const model = emptyModel('unigram', options);
  const counter = counterOf(model, options);
  return {
    counter,
    learn(counted) {
      const words = sentencePieceWords(counted, model, counter);
      const required = requiredCharacters(words, model.pieces.length, options, 'trainUnigram');
      const learned = learnPieces(words, required, model.pieces.length, options);
      checkSize(model.pieces.length + learned.length, options, 'trainUnigram');
      return SentencePiece.fromParts({ ...model, pieces: [...model.pieces, ...learned] });
    },
  };
}

function learnPieces(
  words: WordCounts,
  required: Map<string, number>,
  specials: number,
  options: TrainUnigramOptions,
): Piece[] {
  const { vocabSize = 8000, shrinkingFactor = 0.75, subIterations = 2 } = options;
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

  return finalPieces(pieces, scores, required, vocabSize - specials);
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
  for (const [piece, score] of byFrequency([...known]))
    if (chosen.size < size && !chosen.has(piece)) chosen.set(piece, score);
  return byFrequency([...chosen]).map(([piece, score]) => ({
    piece,
    score: Math.fround(score),
    type: PieceType.normal,
  }));
}

/** Longer words are learned from in parts, which bounds what EM keeps of one. */
const LONGEST_WORD = 8192;

/** The pieces to begin with and the words in terms of the required characters. */
function seedPieces(words: WordCounts, required: Map<string, number>, options: TrainUnigramOptions) {
  const { seedSize = 1_000_000, trainingWords = 1_000_000 } = options;
  words.keepMostFrequent(trainingWords);
  const spelled: string[] = [];
  const counts: number[] = [];
  for (let i = 0; i < words.size; i++) {
    // Rare characters end what can be learned of a word.
    for (const part of splitAtRare(words.word(i), required)) {
      for (let start = 0; start < part.length; ) {
        let end = Math.min(start + LONGEST_WORD, part.length);
        if ((part.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
        spelled.push(part.slice(start, end));
        counts.push(words.count(i));
        start = end;
      }
    }
  }
  words.clear();
  const seeds: [string, number][] = [...required, ...bestRecurring(spelled, counts, seedSize, options)];
  const logTotal = Math.log(seeds.reduce((sum, [, weight]) => sum + weight, 0));
  return {
    pieces: seeds.map(([piece]) => piece),
    scores: Float64Array.from(seeds, ([, weight]) => Math.log(weight) - logTotal),
    spelled,
    counts,
  };
}

/** The substrings that recur and may be pieces, the ones that cover most of the corpus. */
function bestRecurring(
  spelled: string[],
  counts: number[],
  size: number,
  options: TrainUnigramOptions,
): [string, number][] {
  const isValid = pieceFilter(options);
  let best: [string, number][] = [];
  recurringSubstrings(spelled, counts, (options.maxPieceLength ?? 16) * 2, (text, count) => {
    if (!isValid(text)) return;
    best.push([text, count * [...text].length]);
    // Now and then those that will not be among the best are dropped.
    if (best.length >= 2 * size + 1000) best = byFrequency(best).slice(0, size);
  });
  return byFrequency(best).slice(0, size);
}
