import type { Scanner } from '../pre-tokenizers/scanners.ts';
import { BYTE_TO_CHAR } from '../text/byte-alphabet.ts';
import { WordTable } from '../text/word-table.ts';
import type { Bpe } from './bpe.ts';
import type { BpeMerger } from './bpe-merger.ts';

/** Words remembered with their ids; when the table is full it is emptied and filled afresh. */
const CACHED_WORDS = 1 << 15;
/** Longer words are not worth remembering. */
const CACHED_LENGTH = 64;

/**
 * The fast path of byte-level BPE: scans pre-tokens in place and merges their UTF-8 bytes, without building
 * any substring. The slow twin is the `ByteLevel` pre-tokenizer followed by `Bpe`.
 */
export class ByteBpe {
  readonly #scan: Scanner;
  readonly #merger: BpeMerger;
  readonly #byteIds: Int32Array;
  readonly #cache = new WordTable(1 << 10);
  #cachedIds = new Int32Array(1 << 12);
  #cachedEnds = new Int32Array(1 << 11);

  readonly #wholeWords: ReadonlyMap<string, number> | null;
  readonly #isSpecial: (id: number) => boolean;
  #bytes = new Uint8Array(256);

  private constructor(bpe: Bpe, byteIds: Int32Array, scan: Scanner, isSpecial: (id: number) => boolean) {
    this.#scan = scan;
    this.#merger = bpe.merger;
    this.#byteIds = byteIds;
    this.#wholeWords = bpe.config.ignore_merges ? bpe.vocabulary.ids : null;
    this.#isSpecial = isSpecial;
  }

  /**
   * The fast twin of `bpe` behind a byte-level pre-tokenizer, or null where its options rule it out.
   * @param isSpecial says which ids must not come out of ordinary text
   */
  static create(bpe: Bpe, scan: Scanner, isSpecial: (id: number) => boolean): ByteBpe | null {
    const { continuing_subword_prefix, end_of_word_suffix, dropout } = bpe.config;
    if (continuing_subword_prefix || end_of_word_suffix || dropout) return null;
    const byteIds = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const id = bpe.vocabulary.ids.get(BYTE_TO_CHAR[byte]!);
      if (id === undefined) return null;
      byteIds[byte] = id;
    }
    return new ByteBpe(bpe, byteIds, scan, isSpecial);
  }

  /** Appends the ids of `text` from `start` to `end`. */
  encode(text: string, start: number, end: number, out: number[]): void {
    const cache = this.#cache;
    for (let at = start; at < end; ) {
      const stop = this.#scan(text, at, end);
      const hash = WordTable.hash(text, at, stop);
      const known = cache.find(text, at, stop, hash);
      if (known >= 0) {
        const last = this.#cachedEnds[known + 1]!;
        for (let i = this.#cachedEnds[known]!; i < last; i++) out.push(this.#cachedIds[i]!);
      } else {
        const count = this.#mergeWord(text, at, stop);
        const { symbols } = this.#merger;
        for (let i = 0; i < count; i++) out.push(symbols[i]!);
        if (stop - at <= CACHED_LENGTH) this.#remember(text, at, stop, hash, count);
      }
      at = stop;
    }
  }

  /** Merges a word; its ids are left in the merger's symbols. Returns how many. */
  #mergeWord(text: string, start: number, end: number): number {
    const merger = this.#merger;
    const byteIds = this.#byteIds;
    const count = this.#encodeUtf8(text, start, end);
    const bytes = this.#bytes;
    merger.reserve(count);
    const whole = this.#wholeWords ? this.#wholeWord(count) : -1;
    if (whole >= 0) {
      merger.symbols[0] = whole;
      return 1;
    }
    const { symbols } = merger;
    for (let i = 0; i < count; i++) symbols[i] = byteIds[bytes[i]!]!;
    return merger.merge(count);
  }

  /** The id of the whole word where that is a token, or -1. */
  #wholeWord(count: number): number {
    let chars = '';
    for (let i = 0; i < count; i++) chars += BYTE_TO_CHAR[this.#bytes[i]!];
    const id = this.#wholeWords!.get(chars);
    return id === undefined || this.#isSpecial(id) ? -1 : id;
  }

  /** Writes a range of the text to `#bytes` and returns how many bytes it takes. */
  #encodeUtf8(text: string, start: number, end: number): number {
    if (this.#bytes.length < (end - start) * 3) this.#bytes = new Uint8Array((end - start) * 6);
    const bytes = this.#bytes;
    let count = 0;
    for (let i = start; i < end; i++) {
      let code = text.charCodeAt(i);
      if (code < 0x80) {
        bytes[count++] = code;
      } else if (code < 0x800) {
        bytes[count++] = 0xc0 | (code >> 6);
        bytes[count++] = 0x80 | (code & 0x3f);
      } else if ((code & 0xfc00) === 0xd800) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff);
        bytes[count++] = 0xf0 | (code >> 18);
        bytes[count++] = 0x80 | ((code >> 12) & 0x3f);
        bytes[count++] = 0x80 | ((code >> 6) & 0x3f);
        bytes[count++] = 0x80 | (code & 0x3f);
      } else {
        bytes[count++] = 0xe0 | (code >> 12);
        bytes[count++] = 0x80 | ((code >> 6) & 0x3f);
        bytes[count++] = 0x80 | (code & 0x3f);
      }
    }
    return count;
  }

  #remember(text: string, start: number, end: number, hash: number, count: number): void {
    const cache = this.#cache;
    if (cache.size === CACHED_WORDS) cache.clear();
    const entry = cache.add(text, start, end, hash);
    if (entry + 2 > this.#cachedEnds.length) this.#cachedEnds = doubled(this.#cachedEnds);
    const from = this.#cachedEnds[entry]!;
    while (from + count > this.#cachedIds.length) this.#cachedIds = doubled(this.#cachedIds);
    this.#cachedIds.set(this.#merger.symbols.subarray(0, count), from);
    this.#cachedEnds[entry + 1] = from + count;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  return copy;
}
