import type { ModelJson } from '../tokenizer-json.ts';
import { byteTokens } from './bpe.ts';
import { type Model, type TokenizeOptions, TokenSink } from './model.ts';
import type { Segmentation } from './segmentation.ts';
import type { Lattice } from './unigram-lattice.ts';
import { type Path, UnigramSearch } from './unigram-search.ts';
import { Vocabulary } from './vocabulary.ts';

/** How much less likely an unknown character is than the least likely piece (log). */
export const UNKNOWN_PENALTY = 10;
const utf8 = new TextEncoder();

/** The pieces of a Unigram model and their scores (log-probabilities), in the order of the ids. */
export type ScoredPiece = [piece: string, score: number];

/**
 * Unigram language model segmentation: the sequence of pieces of highest total score (Viterbi).
 * Source: Kudo 2018, "Subword Regularization", section 3.2.
 */
export class Unigram implements Model {
  readonly vocabulary: Vocabulary;
  readonly scores: Float64Array;
  readonly unknownId: number | null;
  readonly #pieces: ScoredPiece[];
  readonly #json: ModelJson;
  readonly #search: UnigramSearch;
  readonly #byteIds: (number | undefined)[] | null;

  /** @throws where the pieces are malformed or `unk_id` is not among them */
  constructor(json: ModelJson) {
    this.#json = json;
    this.#pieces = readPieces(json.vocab);
    this.vocabulary = new Vocabulary(new Map(this.#pieces.map(([piece], id) => [piece, id])));
    this.#pieces.forEach(([piece], id) => {
      this.vocabulary.tokens[id] = piece;
    });
    this.scores = Float64Array.from(this.#pieces, ([, score]) => score);
    this.unknownId = (json.unk_id as number | null | undefined) ?? null;
    if (this.unknownId !== null && !(this.unknownId >= 0 && this.unknownId < this.#pieces.length)) {
      throw new Error(
        `tokenizer.json: model.unk_id must be below the ${this.#pieces.length} pieces, found ${this.unknownId}`,
      );
    }
    this.#byteIds = json.byte_fallback ? byteTokens(this.vocabulary) : null;
    this.#search = new UnigramSearch({
      pieces: this.vocabulary.ids,
      scores: this.scores,
      unknownScore: this.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY,
      unknownId: (char) => this.#requireUnknown(char),
    });
  }

  /** @throws where a character is unknown and the model has no unknown piece */
  tokenize(piece: string, sink: TokenSink, options: TokenizeOptions = {}): void {
    const { alpha = 0.1 } = options;
    if (!Number.isFinite(alpha)) {
      throw new Error(`sampling.alpha of a Unigram model must be a finite number, found ${alpha}`);
    }
    const path = options.random
      ? this.lattice(piece, options.forbidden).sample(alpha, options.random)
      : this.#search.best(piece, 0, piece.length, 0, options.forbidden);
    this.#emit(piece, path, sink, options.forbidden);
  }

  /** The `count` best segmentations with their log-probabilities, best first. */
  nBest(piece: string, count: number, forbidden?: ReadonlySet<number>): Segmentation[] {
    return this.lattice(piece, forbidden)
      .nBest(count)
      .map(({ path, score }) => {
        const sink = new TokenSink();
        this.#emit(piece, path, sink, forbidden);
        const tokens = sink.ids.map((id, i) => sink.surfaces.get(i) ?? this.vocabulary.tokens[id]!);
        return { ids: sink.ids, tokens, score };
      });
  }

  /** All segmentations of a text as a graph, for sampling and n-best search. */
  lattice(piece: string, forbidden?: ReadonlySet<number>): Lattice {
    return this.#search.lattice(piece, forbidden);
  }

  /** Writes a path out; runs of unknown characters become one token, or bytes. */
  #emit(text: string, path: Path, sink: TokenSink, forbidden?: ReadonlySet<number>): void {
    for (let i = 0; i < path.length; i++) {
      const [start, firstEnd, id] = path[i]!;
      if (id !== this.unknownId) {
        sink.push(id, start, firstEnd);
        continue;
      }
      let end = firstEnd;
      while (i + 1 < path.length && path[i + 1]![2] === id) end = path[++i]![1];
      const surface = text.slice(start, end);
      const known = this.vocabulary.ids.get(surface); // the unknown piece itself, spelled out
      if (known !== undefined && !forbidden?.has(known)) {
        sink.push(known, start, end, surface);
        continue;
      }
      const bytes = this.#byteIds && Array.from(utf8.encode(surface), (byte) => this.#byteIds![byte]);
      if (bytes && !bytes.includes(undefined)) for (const byte of bytes) sink.push(byte!, start, end);
      else sink.push(id, start, end, surface);
    }
  }

  #requireUnknown(char: string): number {
    if (this.unknownId !== null) return this.unknownId;
    throw new Error(`Unigram: ${JSON.stringify(char)} is in no piece, and the model has no unk_id`);
  }

  toJSON(): ModelJson {
    const { type: _type, unk_id: _unk, vocab: _vocab, byte_fallback, ...rest } = this.#json;
    return {
      type: 'Unigram',
      unk_id: this.unknownId,
      vocab: this.#pieces,
      byte_fallback: byte_fallback ?? false,
      ...rest,
    };
  }
}

function readPieces(vocab: unknown): ScoredPiece[] {
  if (!Array.isArray(vocab)) {
    throw new Error(`tokenizer.json: model.vocab of Unigram must be an array, found ${typeof vocab}`);
  }
  vocab.forEach((entry, id) => {
    const valid = Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
    if (!valid) {
      throw new Error(
        `tokenizer.json: model.vocab[${id}] must be [piece, score], found ${JSON.stringify(entry)?.slice(0, 60)}`,
      );
    }
  });
  return vocab as ScoredPiece[];
}
