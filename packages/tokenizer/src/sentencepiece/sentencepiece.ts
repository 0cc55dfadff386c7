import type { DecodeStream } from '../decode-stream.ts';
import type { Sampling } from '../encode-options.ts';
import type { EncodeStream } from '../encode-stream.ts';
import { Encoding, type EncodingColumns } from '../encoding.ts';
import { addedColumns, concatenate, emptyColumns } from '../encoding-ops.ts';
import { type Path, UnigramSearch } from '../models/unigram-search.ts';
import { seededRandom } from '../seeded-random.ts';
import { IdBuffer } from '../text/id-buffer.ts';
import { PrefixTrie } from '../text/prefix-trie.ts';
import { requireText, wellFormed } from '../text/well-formed.ts';
import { longestMatch, sentencePieceBpe } from './bpe.ts';
import { SentencePieceStream } from './decode.ts';
import { DenormalizingStream } from './denormalize.ts';
import { type FastPieces, fastPieces } from './fast-pieces.ts';
import {
  PieceType,
  readSentencePieceModel,
  type SentencePieceModel,
  writeSentencePieceModel,
} from './model-file.ts';
import { type NormalizedText, SentencePieceNormalizer, SPACE_SYMBOL } from './normalizer.ts';
import { scoresOf } from './scores.ts';
import { modelOfVocab, readVocabFile } from './vocab-file.ts';
import { WordwiseUnigram } from './wordwise.ts';

export interface SentencePieceEncodeOptions {
  /** Begin with the piece of `bosId`. Default false. */
  bos?: boolean;
  /** End with the piece of `eosId`. Default false. */
  eos?: boolean;
  /** Draw a segmentation instead of taking the best one. */
  sampling?: Sampling;
}

const utf8 = new TextEncoder();

/**
 * A SentencePiece tokenizer, exactly as the original encodes and decodes. Control symbols are never matched in
 * texts, user-defined ones always are. Source: Kudo & Richardson 2018.
 */
export class SentencePiece {
  readonly model: SentencePieceModel;
  readonly #file: Uint8Array;
  readonly #ids = new Map<string, number>();
  readonly #allIds = new Map<string, number>();
  readonly #normalizer: SentencePieceNormalizer;
  readonly #userDefined: PrefixTrie | null;
  readonly #search: UnigramSearch;
  readonly #scores: Float64Array;
  readonly #byteIds: number[] | null;
  /** Encodes word by word, where no piece reaches over the beginning of a word. */
  readonly #words: WordwiseUnigram | null;
  /** The same for ids alone. */
  readonly #fast: FastPieces | null;
  readonly #out = new IdBuffer();

  private constructor(model: SentencePieceModel, file: Uint8Array) {
    this.model = model;
    this.#file = file;
    const { pieces } = model;
    const matched: number[] = [PieceType.normal, PieceType.userDefined, PieceType.unused];
    pieces.forEach(({ piece, type }, id) => {
      if (!this.#allIds.has(piece)) this.#allIds.set(piece, id);
      if (matched.includes(type)) this.#ids.set(piece, id);
    });
    const userDefined = pieces.flatMap(({ piece, type }) => (type === PieceType.userDefined ? [piece] : []));
    this.#normalizer = new SentencePieceNormalizer(model, userDefined);
    this.#userDefined =
      userDefined.length > 0 ? new PrefixTrie(userDefined.map((piece) => [piece, 1])) : null;
    const normalScores = pieces.filter(({ type }) => type === PieceType.normal).map(({ score }) => score);
    const lowest = normalScores.reduce((a, b) => Math.min(a, b), Infinity);
    this.#scores = scoresOf(model);
    this.#byteIds = model.byteFallback ? byteIds(model) : null;
    const searched = {
      pieces: [...this.#ids].filter(([, id]) => pieces[id]!.type !== PieceType.unused),
      scores: this.#scores,
      unknownScore: Math.fround(lowest - 10),
    };
    this.#search = new UnigramSearch({ ...searched, unknownId: () => model.unkId });
    const isWordwise =
      model.modelType === 'unigram' &&
      !model.treatWhitespaceAsSuffix &&
      this.#ids.has(SPACE_SYMBOL) &&
      pieces.every(({ piece }) => !/[^▁]▁/u.test(piece));
    this.#fast =
      isWordwise && userDefined.length === 0
        ? fastPieces(model, { ...searched, byteIds: this.#byteIds })
        : null;
    this.#words = isWordwise
      ? new WordwiseUnigram(this.#search, this.#scores, model.unkId, (text, path, push) =>
          this.#emit(text, path, push),
        )
      : null;
  }

  /**
   * Reads a `.model` file.
   * @throws where the bytes are not one
   */
  static fromModel(file: Uint8Array): SentencePiece {
    return new SentencePiece(readSentencePieceModel(file), file.slice());
  }

  /** A tokenizer of the given parts, e.g. from training. */
  static fromParts(model: SentencePieceModel): SentencePiece {
    return new SentencePiece(model, writeSentencePieceModel(model));
  }

  /**
   * A tokenizer from a `.vocab` file, which holds pieces and scores only: with the `identity` normalizer and the
   * usual special pieces. The `.model` file says more; take it where there is one.
   * @throws where the text is not a `.vocab` file
   */
  static fromVocab(text: string, modelType: 'unigram' | 'bpe'): SentencePiece {
    return SentencePiece.fromParts(modelOfVocab(readVocabFile(text), modelType));
  }

  /** The `.model` file: byte for byte the one that was read. */
  toModel(): Uint8Array {
    return this.#file.slice();
  }

  /** The `.vocab` file: a line `piece⇥score` for each id. */
  toVocab(): string {
    return this.model.pieces.map(({ piece, score }) => `${piece}\t${formatScore(score)}\n`).join('');
  }

  get vocabSize(): number {
    return this.model.pieces.length;
  }

  /** The id of a piece, or undefined. */
  tokenToId(piece: string): number | undefined {
    return this.#allIds.get(piece);
  }

  /** The piece of an id, or undefined. */
  idToToken(id: number): string | undefined {
    return this.model.pieces[id]?.piece;
  }

  /** Whether an id is a control symbol or the unknown piece. */
  isSpecial(id: number): boolean {
    const type = this.model.pieces[id]?.type;
    return type === PieceType.control || type === PieceType.unknown;
  }

  /** The text as the model sees it. */
  normalize(text: string): string {
    return this.#normalizer.normalizeText(wellFormed(text));
  }

  /** Encodes a text to ids. */
  encodeIds(text: string, options: SentencePieceEncodeOptions = {}): number[] {
    if (this.#fast && !options.sampling) {
      requireText(text);
      const out = this.#out;
      out.count = 0;
      if (options.bos) out.push(this.#control('bos'));
      if (this.#fast.encode(text, out)) {
        if (options.eos) out.push(this.#control('eos'));
        return out.toArray();
      }
    }
    const normalized = this.normalize(text);
    const ids: number[] = [];
    if (options.bos) ids.push(this.#control('bos'));
    if (this.#words && !options.sampling) this.#words.encode(normalized, ids);
    else this.#emit(normalized, this.#segment(normalized, options.sampling), (id) => ids.push(id));
    if (options.eos) ids.push(this.#control('eos'));
    return ids;
  }

  /** Encodes a text; offsets are UTF-16 indices into it, word ids count words from 0. */
  encode(text: string, options: SentencePieceEncodeOptions = {}): Encoding {
    const safe = wellFormed(text);
    const normalized = this.#normalizer.normalize(safe);
    const path = this.#segment(normalized.text, options.sampling);
    const parts = [new Encoding(this.#columns(normalized, path))];
    const control = (which: 'bos' | 'eos') => {
      const id = this.#control(which);
      return new Encoding(addedColumns([id], [this.model.pieces[id]!.piece], 0));
    };
    if (options.bos) parts.unshift(control('bos'));
    if (options.eos) parts.push(control('eos'));
    return concatenate(parts);
  }

  /** The `count` best segmentations with their log-probabilities, best first. Unigram models only. */
  nBest(text: string, count: number): { ids: number[]; tokens: string[]; score: number }[] {
    this.#requireUnigram('nBest');
    const normalized = this.normalize(text);
    return this.#search
      .lattice(normalized)
      .nBest(count)
      .map(({ path, score }) => {
        const ids: number[] = [];
        const tokens: string[] = [];
        this.#emit(normalized, path, (id, start, end) => {
          ids.push(id);
          tokens.push(normalized.slice(start, end));
        });
        return { ids, tokens, score };
      });
  }

  /** Entropy (nats) of the distribution that sampling with `alpha` draws from. Unigram models only. */
  entropy(text: string, alpha: number): number {
    this.#requireUnigram('entropy');
    return this.#search.lattice(this.normalize(text)).entropy(alpha);
  }

  /**
   * Turns ids back into text.
   * @throws where an id is not a piece
   */
  decode(ids: Iterable<number>): string {
    const stream = this.decodeStream();
    return stream.push(ids) + stream.end();
  }

  /**
   * Encodes text that arrives in pieces. Which segmentation is best is decided over the whole text, so all ids
   * come at the end.
   */
  encodeStream(options: SentencePieceEncodeOptions = {}): EncodeStream {
    let waiting = '';
    return {
      push: (text) => {
        waiting += text;
        return [];
      },
      end: () => {
        const ids = this.encodeIds(waiting, options);
        waiting = '';
        return ids;
      },
    };
  }

  /** Decodes ids as they come, never emitting half a character. */
  decodeStream(): DecodeStream {
    const stream = new SentencePieceStream(this.model);
    const { denormalizerCharsmap } = this.model;
    return denormalizerCharsmap.length > 0 ? new DenormalizingStream(stream, this.model) : stream;
  }

  #requireUnigram(what: string): void {
    if (this.model.modelType !== 'unigram') {
      throw new Error(`${what} needs a unigram model, found ${this.model.modelType}`);
    }
  }

  #control(which: 'bos' | 'eos'): number {
    const id = which === 'bos' ? this.model.bosId : this.model.eosId;
    if (this.model.pieces[id]) return id;
    throw new Error(`encode: this model has no ${which} piece; leave ${which} out`);
  }

  #segment(text: string, sampling?: Sampling): Path {
    const { modelType } = this.model;
    const random = sampling && seededRandom(sampling.seed ?? 0);
    const alpha = sampling?.alpha ?? 0.1;
    if (!Number.isFinite(alpha) || (modelType === 'bpe' && !(alpha >= 0 && alpha <= 1))) {
      const wanted = modelType === 'bpe' ? 'a probability from 0 to 1' : 'a finite number';
      throw new Error(`sampling.alpha of a ${modelType} model must be ${wanted}, found ${alpha}`);
    }
    if (modelType === 'unigram') {
      if (random) return this.#search.lattice(text).sample(alpha, random);
      return this.#words ? this.#words.best(text) : this.#search.bestInFloats(text, 0, text.length);
    }
    let ends: number[];
    if (modelType === 'bpe') {
      ends = sentencePieceBpe(text, {
        idOf: (piece) => this.#ids.get(piece),
        scoreOf: (id) => this.model.pieces[id]!.score,
        isUnused: (id) => this.model.pieces[id]!.type === PieceType.unused,
        userDefined: this.#userDefined,
        skipMerge: random && (() => random() < alpha),
      });
    } else if (modelType === 'word') ends = wordEnds(text);
    else ends = this.#charEnds(text);
    return ends.map((end, i) => {
      const start = i === 0 ? 0 : ends[i - 1]!;
      return [start, end, this.#ids.get(text.slice(start, end)) ?? this.model.unkId];
    });
  }

  #charEnds(text: string): number[] {
    const ends: number[] = [];
    for (let at = 0; at < text.length; ends.push(at)) {
      const symbol = this.#userDefined ? longestMatch(text, at, this.#userDefined) : 0;
      at += symbol || (text.codePointAt(at)! > 0xffff ? 2 : 1);
    }
    return ends;
  }

  /** Writes a path out: unknown characters become bytes, or one token a run of them. */
  #emit(
    text: string,
    path: Path,
    push: (id: number, start: number, end: number, isByte: boolean) => void,
  ): void {
    for (let i = 0; i < path.length; i++) {
      const [start, firstEnd, id] = path[i]!;
      if (id !== this.model.unkId) {
        push(id, start, firstEnd, false);
        continue;
      }
      let end = firstEnd;
      if (this.#byteIds) {
        // The last byte stands for the character, those before it for nothing, as in the original.
        const bytes = utf8.encode(text.slice(start, end));
        bytes.forEach((byte, n) => {
          push(this.#byteIds![byte]!, start, n === bytes.length - 1 ? end : start, true);
        });
        continue;
      }
      while (i + 1 < path.length && path[i + 1]![2] === id) end = path[++i]![1];
      push(id, start, end, false);
    }
  }

  #columns({ text, positions }: NormalizedText, path: Path): EncodingColumns {
    const columns = emptyColumns();
    let word = -1;
    this.#emit(text, path, (id, start, end, isByte) => {
      const piece = this.model.pieces[id]!;
      if (start === 0 || text[start] === SPACE_SYMBOL) word++;
      columns.ids.push(id);
      columns.tokens.push(isByte ? piece.piece : text.slice(start, end));
      columns.offsets.push([positions[start]!, positions[end]!]);
      columns.typeIds.push(0);
      columns.wordIds.push(word);
      columns.sequenceIds.push(0);
      columns.specialTokensMask.push(0);
      columns.attentionMask.push(1);
    });
    return columns;
  }
}

/** The ends of the words of a word model, each visible space beginning one. */
function wordEnds(text: string): number[] {
  const ends: number[] = [];
  for (let at = text.indexOf(SPACE_SYMBOL, 1); at >= 0; at = text.indexOf(SPACE_SYMBOL, at + 1))
    ends.push(at);
  if (text.length > 0) ends.push(text.length);
  return ends;
}

function byteIds(model: SentencePieceModel): number[] {
  const ids = new Map(model.pieces.map(({ piece, type }, id) => [type === PieceType.byte ? piece : '', id]));
  return Array.from({ length: 256 }, (_, byte) => {
    const piece = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = ids.get(piece);
    if (id === undefined)
      throw new Error(`SentencePiece model: byte_fallback needs the piece ${piece}, found none`);
    return id;
  });
}

/** As C++ streams print a float: six significant digits. */
function formatScore(score: number): string {
  return String(Number(Math.fround(score).toPrecision(6)));
}
