import type { ByteScanner } from '../pre-tokenizers/byte-scanners.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { hashKey, KEY_MASKS, SHORT } from '../text/short-words.ts';
import { floatError, RESET, type UnigramPieces, UnigramViterbi } from './unigram-viterbi.ts';
import { type UnigramWordOptions, unigramWords } from './unigram-words.ts';

/** Short words that are remembered: 2 to this at most. A new one takes the place of an old one. */
const RECENT_BITS = 16;
/** An entry: three words of key, how many ids, the ids, of which a word of `SHORT` bytes has at most as many. */
const STRIDE = 16;
/** In the place of the number of ids: one unknown character, which joins others beside it. */
const UNKNOWN = -1;
/** The part of `RESET` that sums are surely below before a word in which one of its positions passes it. */
const NEAR = 0.9;

export interface ByteUnigramOptions extends UnigramPieces {
  /** How words are found; no piece may reach over the end of one. */
  words: UnigramWordOptions;
  /** The 256 tokens that stand for the bytes of an unknown character, or null. */
  byteIds: readonly number[] | null;
  /** Whether scores are summed and unknown characters joined over the whole text, or in each word. */
  overText: boolean;
}

/**
 * The fast path of Unigram models where there is no WebAssembly, and the twin of `WasmUnigram`: over UTF-8 in which a space stands for `▁`. Words met lately are looked up.
 * Where two segmentations of a word are nearly as good, rounding of the sum over the whole text decides in
 * SentencePiece, so such words are segmented again with the sum so far.
 */
export class ByteUnigram {
  readonly #scan: ByteScanner;
  readonly #viterbi: UnigramViterbi;
  readonly #scores: Float64Array;
  readonly #unknownId: number;
  readonly #byteIds: readonly number[] | null;
  readonly #overText: boolean;
  /** Words met lately. */
  readonly #recent = new Int32Array(STRIDE << RECENT_BITS);
  readonly #ends = new Int32Array(1 << 10);
  /** The sum of the scores of the first so many ids of a text, in 32-bit floats. */
  #summed = 0;
  #total = 0;
  /** For each unknown character, where its ids begin and how many there are: none where it joins the one before. */
  #unknowns: number[] = [];
  #unknownsSummed = 0;
  /** What a byte adds to the sum at most, either way. */
  readonly #most: number;

  constructor(options: ByteUnigramOptions) {
    this.#scan = unigramWords(options.words);
    this.#viterbi = new UnigramViterbi(options);
    this.#scores = addedScores(options);
    this.#unknownId = options.unknownId;
    this.#byteIds = options.byteIds;
    this.#overText = options.overText;
    this.#most = this.#scores.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  }

  /**
   * Appends the ids of `bytes[0..end)`; as for scanners, 0xff must follow, and 16 more bytes be readable.
   * @returns whether it could: not where a character is unknown and there is no unknown piece
   */
  encodeBytes(bytes: Uint8Array, view: DataView, end: number, out: IdBuffer): boolean {
    const ends = this.#ends;
    // Entries are copied four ids at a time.
    out.reserve(end + 4);
    const first = out.count;
    this.#summed = first;
    this.#total = 0;
    this.#unknowns.length = 0;
    this.#unknownsSummed = 0;
    for (let at = 0; at < end; ) {
      const count = this.#scan(bytes, view, at, end, false, ends);
      for (let word = 0; ; word++) {
        word = this.#lookUp(view, at, word, count, first, out);
        if (word === count) break;
        if (word > 0) at = ends[word - 1]!;
        if (!this.#encodeWord(bytes, view, at, ends[word]!, first, out)) return false;
        at = ends[word]!;
      }
      at = ends[count - 1]!;
    }
    return this.#isNearReset(end, out) ? this.#encodeWhole(bytes, end, first, out) : true;
  }

  /** Whether the sum of the text may have been set back somewhere. */
  #isNearReset(end: number, out: IdBuffer): boolean {
    if (!this.#overText || end * this.#most < RESET * NEAR) return false;
    this.#sumUpTo(out.count, out);
    return Math.abs(this.#total) > RESET * NEAR;
  }

  /** Once more, without words: a sum that is set back within one changes the rounding in all that follow. */
  #encodeWhole(bytes: Uint8Array, end: number, first: number, out: IdBuffer): boolean {
    const count = this.#viterbi.searchInFloats(bytes, 0, end, 0);
    out.count = first;
    this.#emit(bytes, 0, count, first, out);
    return true;
  }

  /** Appends the ids of words met lately. Returns the first word that is none. */
  #lookUp(view: DataView, start: number, from: number, count: number, first: number, out: IdBuffer): number {
    const ends = this.#ends;
    const recent = this.#recent;
    const { ids } = out;
    let filled = out.count;
    let at = start;
    let word = from;
    for (; word < count; word++) {
      const stop = ends[word]!;
      const length = stop - at;
      if (length > SHORT) break;
      const by = length << 2;
      const a = view.getInt32(at, true) & KEY_MASKS[by]!;
      const b = view.getInt32(at + 4, true) & KEY_MASKS[by + 1]!;
      const c = (view.getInt32(at + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
      const entry = (hashKey(a, b, c) >>> (32 - RECENT_BITS)) * STRIDE;
      if (recent[entry + 2] !== c || recent[entry] !== a || recent[entry + 1] !== b) break;
      const size = recent[entry + 3]!;
      if (size === UNKNOWN) {
        const isOne = !this.#overText || filled === first || ids[filled - 1] !== this.#unknownId;
        if (this.#overText) this.#unknowns.push(filled, isOne ? 1 : 0);
        if (isOne) ids[filled++] = this.#unknownId;
      } else {
        ids[filled] = recent[entry + 4]!;
        ids[filled + 1] = recent[entry + 5]!;
        ids[filled + 2] = recent[entry + 6]!;
        ids[filled + 3] = recent[entry + 7]!;
        for (let i = 4; i < size; i++) ids[filled + i] = recent[entry + 4 + i]!;
        filled += size;
      }
      at = stop;
    }
    out.count = filled;
    return word;
  }

  #encodeWord(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    stop: number,
    first: number,
    out: IdBuffer,
  ): boolean {
    const viterbi = this.#viterbi;
    let count = viterbi.search(bytes, start, stop, 0);
    if (count < 0) return false;
    // Whether it is close is first asked for a sum that is as large as it can be by now.
    const bound = Math.min(start * this.#most, RESET);
    const isClose = this.#overText && viterbi.margin <= floatError(bound, stop - start);
    if (isClose) {
      this.#sumUpTo(out.count, out);
      if (viterbi.margin <= floatError(this.#total, stop - start)) {
        count = viterbi.searchInFloats(bytes, start, stop, this.#total);
      }
    }
    const before = out.count;
    const hasUnknown = this.#emit(bytes, start, count, this.#overText ? first : before, out);
    if (stop - start > SHORT || isClose) return true;
    // Beside other words, unknown characters may be joined: only one that stands alone is remembered.
    if (!hasUnknown || this.#byteIds) this.#remember(view, start, stop, out.count - before, before, out);
    else if (count === 1) this.#remember(view, start, stop, UNKNOWN, before, out);
    return true;
  }

  /**
   * Appends the ids of the path that was found from `start`. Returns whether some character is unknown.
   * @param joinable unknown characters are joined to those before from here on
   */
  #emit(bytes: Uint8Array, start: number, count: number, joinable: number, out: IdBuffer): boolean {
    const viterbi = this.#viterbi;
    const unknown = this.#unknownId;
    let hasUnknown = false;
    for (let i = count - 1; i >= 0; i--) {
      const id = viterbi.ids[i]!;
      if (id !== unknown) {
        out.ids[out.count++] = id;
        continue;
      }
      hasUnknown = true;
      const at = out.count;
      if (this.#byteIds) {
        const from = i === count - 1 ? start : viterbi.stops[i + 1]!;
        for (let byte = from; byte < viterbi.stops[i]!; byte++) {
          out.ids[out.count++] = this.#byteIds[bytes[byte]!]!;
        }
      } else if (out.count === joinable || out.ids[out.count - 1] !== unknown) out.ids[out.count++] = unknown;
      if (this.#overText && !this.#byteIds) this.#unknowns.push(at, out.count - at);
    }
    return hasUnknown;
  }

  /** Adds up the scores of the ids before the `end`-th, in their order. Every one is added once. */
  #sumUpTo(end: number, { ids }: IdBuffer): void {
    const scores = this.#scores;
    const unknowns = this.#unknowns;
    let total = this.#total;
    let at = this.#summed;
    for (let next = this.#unknownsSummed; ; next += 2) {
      const stop = next < unknowns.length ? unknowns[next]! : end;
      for (; at < stop; at++) total = Math.fround(total + scores[ids[at]!]!);
      if (next >= unknowns.length) break;
      total = Math.fround(total + scores[this.#unknownId]!);
      at += unknowns[next + 1]!;
    }
    this.#unknownsSummed = unknowns.length;
    this.#summed = at;
    this.#total = total;
  }

  #remember(view: DataView, start: number, stop: number, size: number, first: number, out: IdBuffer): void {
    if (size > SHORT) return;
    const by = (stop - start) << 2;
    const a = view.getInt32(start, true) & KEY_MASKS[by]!;
    const b = view.getInt32(start + 4, true) & KEY_MASKS[by + 1]!;
    const c = (view.getInt32(start + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
    const recent = this.#recent;
    const entry = (hashKey(a, b, c) >>> (32 - RECENT_BITS)) * STRIDE;
    recent[entry] = a;
    recent[entry + 1] = b;
    recent[entry + 2] = c;
    recent[entry + 3] = size;
    for (let i = 0; i < size; i++) recent[entry + 4 + i] = out.ids[first + i]!;
  }
}

/** What ids add to the sum over a text, by id. That of the unknown piece is what an unknown character costs. */
export function addedScores({ scores, unknownId, unknownScore, byteIds }: ByteUnigramOptions): Float64Array {
  const added = scores.slice();
  if (unknownId >= 0) added[unknownId] = unknownScore;
  // The first byte of a character stands for the character.
  byteIds?.forEach((id, byte) => {
    added[id] = (byte & 0xc0) === 0x80 ? 0 : unknownScore;
  });
  return added;
}
