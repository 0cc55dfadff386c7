import type { CharsMap } from '../text/chars-map.ts';
import type { SentencePieceModel } from './model-file.ts';

const utf8 = new TextEncoder();
const PADDING = 16;
const BLANK = 0x20;
/** Kinds of ASCII: no rule begins with it; some do, but only with other than ASCII after it; to be looked up. */
const PLAIN = 2;
const PLAIN_BEFORE_ASCII = 1;
const RULED = 0;

/**
 * SentencePiece's normalizer from UTF-8 to UTF-8, in which a space stands for `▁`. For models that escape
 * whitespace and have no user-defined symbols. The readable twin is `SentencePieceNormalizer`.
 */
export class ByteNormalizer {
  /** The normalized text is `bytes[0..end)`; 0xff follows. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 12);
  view: DataView = new DataView(this.bytes.buffer);
  end = 0;
  readonly #rules: CharsMap;
  readonly #addDummyPrefix: boolean;
  readonly #removeExtraWhitespaces: boolean;
  readonly #kinds: Uint8Array;
  /**
   * By two bytes, read as one little-endian number: 0 where they have to be looked at one by one, else 4, and 1 where
   * the first is a space, 2 where the second is.
   */
  readonly #pairs: Uint8Array = new Uint8Array(0x10000);
  #raw: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 12);
  #rawView = new DataView(this.#raw.buffer);

  constructor(options: SentencePieceModel['normalizer'], rules: CharsMap) {
    this.#rules = rules;
    this.#addDummyPrefix = options.addDummyPrefix;
    this.#removeExtraWhitespaces = options.removeExtraWhitespaces;
    this.#kinds = asciiKinds(rules);
    for (let pair = 0; pair < 0x10000; pair++) {
      const [first, second] = [pair & 0xff, pair >> 8];
      if (!this.#kinds[first] || !this.#kinds[second] || (first === BLANK && second === BLANK)) continue;
      this.#pairs[pair] = 4 | (first === BLANK ? 1 : 0) | (second === BLANK ? 2 : 0);
    }
  }

  /** Normalizes a text; lone surrogates are U+FFFD. */
  normalize(text: string): void {
    if (this.#raw.length < text.length * 3 + PADDING) {
      this.#raw = new Uint8Array(text.length * 3 + PADDING);
      this.#rawView = new DataView(this.#raw.buffer);
    }
    const raw = this.#raw;
    const { written: end } = utf8.encodeInto(text, raw);
    raw.fill(0, end, end + PADDING);
    if (this.bytes.length < end + 2 * PADDING) this.#grow(end + 2 * PADDING);
    const rules = this.#rules;
    const kinds = this.#kinds;
    const removes = this.#removeExtraWhitespaces;
    let at = 0;
    if (removes) at = this.#skipSpaces(raw, end);
    let { bytes } = this;
    let filled = 0;
    if (at < end && this.#addDummyPrefix) bytes[filled++] = BLANK;
    let afterSpace = removes ? 1 : 0;
    const removesNext = removes ? 1 : 0;
    const rawView = this.#rawView;
    const pairs = this.#pairs;
    for (;;) {
      // Two characters at a time, as long as they stay as they are.
      const { view } = this;
      for (;;) {
        const both = rawView.getUint16(at, true);
        const kind = pairs[both]!;
        if (kind === 0 || raw[at + 2]! >= 0x80) break;
        const drops = kind & afterSpace;
        view.setUint16(filled, both >>> (drops << 3), true);
        filled += 2 - drops;
        afterSpace = (kind >> 1) & removesNext;
        at += 2;
      }
      if (at >= end) break;
      const byte = raw[at]!;
      if (kinds[byte]! > raw[at + 1]! >>> 7) {
        const isSpace = byte === BLANK ? 1 : 0;
        bytes[filled] = byte;
        filled += 1 - (isSpace & afterSpace);
        afterSpace = isSpace & removesNext;
        at++;
        continue;
      }
      const value = rules.longestAt(raw, at);
      if (value >= 0) {
        const { bytes: source, start, end: stop } = rules.replacementAt(value);
        at += rules.matched;
        let from = start;
        if (afterSpace) while (from < stop && source[from] === BLANK) from++;
        if (from === stop) continue;
        if (filled + stop - from + end - at + PADDING > bytes.length) {
          this.#grow((filled + stop - from + end - at) * 2 + PADDING);
          bytes = this.bytes;
        }
        afterSpace = removes && source[stop - 1] === BLANK ? 1 : 0;
        filled = put(source, from, stop, bytes, filled);
      } else {
        const stop = at + lengthOf(byte);
        if (byte === BLANK) {
          if (!afterSpace) bytes[filled++] = BLANK;
          afterSpace = removes ? 1 : 0;
        } else {
          filled = put(raw, at, stop, bytes, filled);
          afterSpace = 0;
        }
        at = stop;
      }
    }
    if (removes) while (filled > 0 && bytes[filled - 1] === BLANK) filled--;
    this.end = filled;
    bytes.fill(0, filled, filled + PADDING);
    bytes[filled] = 0xff;
  }

  /** The end of what normalizes to single spaces at the beginning. */
  #skipSpaces(raw: Uint8Array, end: number): number {
    for (let at = 0; ; ) {
      if (at >= end) return at;
      const value = this.#rules.longestAt(raw, at);
      if (value < 0) {
        if (raw[at] !== BLANK) return at;
        at++;
      } else {
        const { bytes, start, end: stop } = this.#rules.replacementAt(value);
        if (stop - start !== 1 || bytes[start] !== BLANK) return at;
        at += this.#rules.matched;
      }
    }
  }

  #grow(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** The kind of each byte; what is not ASCII has to be looked up. */
export function asciiKinds(rules: CharsMap): Uint8Array {
  return new Uint8Array(256).map((_, byte) => (byte > 0 && byte < 0x80 ? kindOf(byte, rules) : RULED));
}

function kindOf(byte: number, rules: CharsMap): number {
  if (!rules.begins(Uint8Array.of(byte))) return PLAIN;
  if (rules.longestAt(Uint8Array.of(byte, 0), 0) >= 0) return RULED;
  for (let next = 1; next < 0x80; next++) {
    if (rules.begins(Uint8Array.of(byte, next))) return RULED;
  }
  return PLAIN_BEFORE_ASCII;
}

/** Copies bytes with `▁` as a space. Returns where they end. */
function put(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let filled = at;
  for (let i = start; i < end; i++) {
    if (source[i] === 0xe2 && source[i + 1] === 0x96 && source[i + 2] === 0x81 && i + 2 < end) {
      target[filled++] = BLANK;
      i += 2;
    } else target[filled++] = source[i]!;
  }
  return filled;
}

const lengthOf = (lead: number) => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
