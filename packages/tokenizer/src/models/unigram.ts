import { PrefixTrie } from '../text/prefix-trie.ts';
import type { ModelJson } from '../tokenizer-json.ts';
import { byteTokens } from './bpe.ts';
import type { Model, TokenizeOptions, TokenSink } from './model.ts';
import { Lattice } from './unigram-lattice.ts';
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
  readonly #trie: PrefixTrie;
  readonly #byteIds: (number | undefined)[] | null;
  readonly #unknownScore: number;
  #best = new Float64Array(256);
  #from = new Int32Array(256);
  #ids = new Int32Array(256);

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
    this.#trie = new PrefixTrie(this.vocabulary.ids);
    this.#byteIds = json.byte_fallback ? byteTokens(this.vocabulary) : null;
    this.#unknownScore =
      this.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  }

  /** @throws where a character is unknown and the model has no unknown piece */
  tokenize(piece: string, sink: TokenSink, options: TokenizeOptions = {}): void {
    const path = options.random
      ? this.lattice(piece, options.forbidden).sample(options.alpha ?? 1, options.random)
      : this.#viterbi(piece, options.forbidden);
    this.#emit(piece, path, sink, options.forbidden);
  }

  /** All segmentations of a text as a graph, for sampling and n-best search. */
  lattice(piece: string, forbidden?: ReadonlySet<number>): Lattice {
    const lattice = new Lattice(piece.length);
    this.#eachNode(piece, forbidden, (start, end, id, score) => lattice.add(start, end, id, score));
    return lattice;
  }

  /** Calls back for every piece of the vocabulary found in the text, and unknown characters. */
  #eachNode(
    text: string,
    forbidden: ReadonlySet<number> | undefined,
    visit: (start: number, end: number, id: number, score: number) => void,
  ): void {
    for (let start = 0; start < text.length; ) {
      const charEnd = start + charUnits(text, start);
      let covered = false;
      let node = 0;
      for (let end = start; end < text.length; ) {
        node = this.#trie.step(node, text.charCodeAt(end++));
        if (node === 0) break;
        const id = this.#trie.valueAt(node);
        if (id < 0 || forbidden?.has(id)) continue;
        visit(start, end, id, this.scores[id]!);
        covered ||= end === charEnd;
      }
      if (!covered)
        visit(start, charEnd, this.#requireUnknown(text.slice(start, charEnd)), this.#unknownScore);
      start = charEnd;
    }
  }

  #viterbi(text: string, forbidden?: ReadonlySet<number>): Path {
    const length = text.length;
    if (length >= this.#best.length) {
      this.#best = new Float64Array(length * 2);
      this.#from = new Int32Array(length * 2);
      this.#ids = new Int32Array(length * 2);
    }
    const best = this.#best;
    const from = this.#from;
    const ids = this.#ids;
    from.fill(-1, 0, length + 1);
    best[0] = 0;
    this.#eachNode(text, forbidden, (start, end, id, score) => {
      const total = best[start]! + score;
      if (from[end]! >= 0 && total <= best[end]!) return;
      best[end] = total;
      from[end] = start;
      ids[end] = id;
    });
    const path: Path = [];
    for (let end = length; end > 0; end = from[end]!) path.push([from[end]!, end, ids[end]!]);
    return path.reverse();
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

/** Pieces of a segmentation, in order. */
export type Path = [start: number, end: number, id: number][];

const charUnits = (text: string, at: number) => (text.codePointAt(at)! > 0xffff ? 2 : 1);

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
