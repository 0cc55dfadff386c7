import { CHAR_TO_BYTE } from '../text/byte-alphabet.ts';
import type { BpeJson, TokenizerJson } from '../tokenizer-json.ts';
import { hashBytes, TokenBytes } from './token-bytes.ts';
import { MAX_ID } from './vocabulary.ts';

/** The vocabulary and merges of a byte-level BPE model, read without an object for each. */
export interface PackedBpe {
  bytes: TokenBytes;
  /** Left, right, joined id of each merge, flattened, in the order of rank. */
  mergeIds: Int32Array;
}

const packed = new WeakMap<object, PackedBpe>();

/** A model of which vocabulary and merges are packed. @param config all its other fields */
export function packedModel(config: Omit<BpeJson, 'vocab' | 'merges'>, content: PackedBpe): BpeJson {
  const model: BpeJson = { ...config, vocab: {}, merges: [] };
  packed.set(model, content);
  return model;
}

/** What has been packed in the place of `vocab` and `merges` of a model. */
export const packedBpe = (json: BpeJson): PackedBpe | undefined => packed.get(json);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/**
 * Reads the text of a `tokenizer.json` with a byte-level BPE model, several times as fast as parsing it. Returns
 * null for everything else, also for what is malformed: `JSON.parse` then says what is wrong.
 */
export function readPackedBpe(text: string): TokenizerJson | null {
  // Part of ES2024, which every supported runtime has but the ES2023 type library has not.
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) return null;
  try {
    return new Reader(new TextEncoder().encode(text)).read();
  } catch {
    return null;
  }
}

/** Thrown where a text is not what the reader is for. */
const UNFIT = new Error('not a packed BPE model');

class Reader {
  readonly #json: Uint8Array;
  #at = 0;

  constructor(json: Uint8Array) {
    this.#json = json;
  }

  read(): TokenizerJson {
    const parts: string[] = [];
    let model: BpeJson | null = null;
    this.#eachMember((name, start) => {
      if (name === '"model"') model = this.#model();
      else {
        this.#skip();
        parts.push(`${name}:${this.#text(start, this.#at)}`);
      }
    });
    this.#space();
    if (model === null || this.#at < this.#json.length) throw UNFIT;
    return { ...JSON.parse(`{${parts.join(',')}}`), model };
  }

  #model(): BpeJson {
    const parts: string[] = [];
    let bytes: TokenBytes | null = null;
    let mergeIds: Int32Array | null = null;
    let mergesAt = -1;
    this.#eachMember((name, start) => {
      if (name === '"vocab"') bytes = this.#vocabulary();
      else if (name === '"merges"') {
        if (bytes) mergeIds = this.#merges(bytes);
        else {
          mergesAt = start;
          this.#skip();
        }
      } else {
        this.#skip();
        parts.push(`${name}:${this.#text(start, this.#at)}`);
      }
    });
    const json = JSON.parse(`{${parts.join(',')}}`);
    const isPlain = !json.continuing_subword_prefix && !json.end_of_word_suffix && !json.byte_fallback;
    if (json.type !== 'BPE' || !isPlain || bytes === null) throw UNFIT;
    if (mergesAt >= 0) {
      const end = this.#at;
      this.#at = mergesAt;
      mergeIds = this.#merges(bytes);
      this.#at = end;
    }
    if (mergeIds === null) throw UNFIT;
    return packedModel(json, { bytes, mergeIds });
  }

  /** Reads `{"token": id, ...}`. */
  #vocabulary(): TokenBytes {
    const json = this.#json;
    const units = json.length - this.#at;
    // In the order of the file; sorted by id afterwards.
    const blob = new Uint8Array(units + 16);
    let ends = new Int32Array(1 << 15);
    let ids = new Int32Array(1 << 15);
    let count = 0;
    const others = new Map<string, number>();
    let filled = 0;
    let limit = 0;
    this.#expect(BRACE);
    this.#space();
    while (json[this.#at] !== BRACE_END) {
      const start = this.#at;
      const stop = this.#token(blob, filled);
      const nameEnd = this.#at;
      this.#space();
      this.#expect(COLON);
      this.#space();
      const id = this.#integer();
      if (stop <= filled) {
        // Not of the byte alphabet, or empty.
        const name = JSON.parse(this.#text(start, nameEnd));
        if (others.has(name)) throw UNFIT;
        others.set(name, id);
      } else filled = stop;
      if (count === ids.length) {
        ends = doubled(ends);
        ids = doubled(ids);
      }
      ids[count] = id;
      ends[count++] = filled;
      if (id >= limit) limit = id + 1;
      this.#space();
      this.#separator(BRACE_END);
    }
    this.#at++;
    const bytes = sortById(blob, ends.subarray(0, count), ids.subarray(0, count), limit, others);
    if (bytes === null || bytes.hasDuplicates()) throw UNFIT;
    return bytes;
  }

  /** Reads `[["left", "right"], ...]` or `["left right", ...]`. */
  #merges(bytes: TokenBytes): Int32Array {
    const json = this.#json;
    const scratch = new Uint8Array(1 << 12);
    let merges = new Int32Array(bytes.limit * 3 + 3);
    let count = 0;
    let joined = 0;
    this.#expect(BRACKET);
    this.#space();
    while (json[this.#at] !== BRACKET_END) {
      const isPair = json[this.#at] === BRACKET;
      if (isPair) {
        this.#at++;
        this.#space();
      }
      const middle = this.#token(scratch, 0, isPair ? -1 : 0x20);
      let end: number;
      if (isPair) {
        this.#space();
        this.#expect(COMMA);
        this.#space();
        end = this.#token(scratch, middle);
        this.#space();
        this.#expect(BRACKET_END);
      } else end = this.#token(scratch, middle, -1, true);
      if (middle <= 0 || end <= middle) throw UNFIT;
      const leftHash = hashBytes(scratch, 0, middle, 0);
      const left = bytes.find(scratch, 0, middle, leftHash);
      const right = bytes.find(scratch, middle, end, hashBytes(scratch, middle, end, 0));
      // Mostly the merges come in the order of what they make.
      if (!bytes.is(joined, scratch, end) && !bytes.is(++joined, scratch, end)) {
        joined = bytes.find(scratch, 0, end, hashBytes(scratch, middle, end, leftHash));
      }
      if (left < 0 || right < 0 || joined < 0) throw UNFIT;
      if (count + 3 > merges.length) {
        merges = doubled(merges);
      }
      merges[count] = left;
      merges[count + 1] = right;
      merges[count + 2] = joined;
      count += 3;
      this.#space();
      this.#separator(BRACKET_END);
    }
    this.#at++;
    return merges.slice(0, count);
  }

  /**
   * Reads a string of the byte alphabet and writes the bytes that it stands for. Returns where they end, or -1
   * where it is not of the alphabet.
   * @param until ends the string as a quote does
   * @param isOpen whether the string began before
   */
  #token(target: Uint8Array, start: number, until = -1, isOpen = false): number {
    const json = this.#json;
    if (!isOpen) this.#expect(QUOTE);
    let at = this.#at;
    let filled = start;
    let isKnown = true;
    for (;;) {
      const lead = json[at++];
      if (lead === QUOTE || lead === until) break;
      let unit = lead!;
      if (lead === undefined || lead < 0x20) throw UNFIT;
      if (lead === BACKSLASH) {
        const escaped = json[at++]!;
        if (escaped === QUOTE || escaped === BACKSLASH || escaped === 0x2f) unit = escaped;
        else if (escaped === 0x75) {
          const digits = this.#text(at, at + 4);
          if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw UNFIT;
          unit = Number.parseInt(digits, 16);
          at += 4;
        } else isKnown = false;
      } else if (lead >= 0x80) {
        if (lead < 0xe0) unit = ((lead & 0x1f) << 6) | (json[at++]! & 0x3f);
        else isKnown = false;
      }
      const byte = unit < CHAR_TO_BYTE.length ? CHAR_TO_BYTE[unit]! : -1;
      if (byte < 0) isKnown = false;
      else target[filled++] = byte;
      if (filled >= target.length) throw UNFIT;
    }
    this.#at = at;
    return isKnown ? filled : -1;
  }

  #integer(): number {
    const json = this.#json;
    const start = this.#at;
    let value = 0;
    for (let digit = json[this.#at]! - 0x30; digit >= 0 && digit <= 9; digit = json[this.#at]! - 0x30) {
      value = value * 10 + digit;
      this.#at++;
    }
    if (this.#at === start || value > MAX_ID || (json[start] === 0x30 && this.#at > start + 1)) throw UNFIT;
    return value;
  }

  /** Calls `visit` at the value of each member of an object; it must read the value. */
  #eachMember(visit: (name: string, start: number) => void): void {
    this.#space();
    this.#expect(BRACE);
    this.#space();
    const names = new Set<string>();
    while (this.#json[this.#at] !== BRACE_END) {
      const start = this.#at;
      if (this.#json[start] !== QUOTE) throw UNFIT;
      this.#skip();
      const name = this.#text(start, this.#at);
      if (names.has(name)) throw UNFIT;
      names.add(name);
      this.#space();
      this.#expect(COLON);
      this.#space();
      visit(name, this.#at);
      this.#space();
      this.#separator(BRACE_END);
    }
    this.#at++;
  }

  /** Goes past a value. */
  #skip(): void {
    const json = this.#json;
    let at = this.#at;
    for (let depth = 0; ; ) {
      const byte = json[at++];
      if (byte === undefined) throw UNFIT;
      if (byte === QUOTE) {
        while (json[at] !== QUOTE) {
          if (json[at] === undefined) throw UNFIT;
          at += json[at] === BACKSLASH ? 2 : 1;
        }
        at++;
      } else if (byte === BRACE || byte === BRACKET) depth++;
      else if (byte === BRACE_END || byte === BRACKET_END) depth--;
      if (depth > 0) continue;
      if (byte === QUOTE || byte === BRACE_END || byte === BRACKET_END) break;
      const next = json[at];
      if (next === COMMA || next === BRACE_END || next === BRACKET_END || next === undefined) break;
    }
    this.#at = at;
  }

  /** Goes past a comma, after which something must come, or up to the end of an object or array. */
  #separator(end: number): void {
    if (this.#json[this.#at] === end) return;
    this.#expect(COMMA);
    this.#space();
    if (this.#json[this.#at] === end) throw UNFIT;
  }

  #space(): void {
    const json = this.#json;
    for (let byte = json[this.#at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; ) {
      byte = json[++this.#at];
    }
  }

  #expect(byte: number): void {
    if (this.#json[this.#at++] !== byte) throw UNFIT;
  }

  #text(start: number, end: number): string {
    return new TextDecoder().decode(this.#json.subarray(start, end));
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  return copy;
}

/**
 * The tokens of a file in the order of their ids, or null where two have the same.
 * @param blob the bytes of the tokens in the order of the file, and room for 16 more
 * @param ends where the bytes of each end
 */
export function sortById(
  blob: Uint8Array,
  ends: Int32Array,
  ids: Int32Array,
  limit: number,
  others: ReadonlyMap<string, number>,
): TokenBytes | null {
  const starts = new Int32Array(limit + 1);
  if (limit === ids.length && ids.every((id, place) => id === place)) {
    starts.set(ends, 1);
    return new TokenBytes(blob.slice(0, starts[limit]! + 16), starts, others);
  }
  const places = new Int32Array(limit).fill(-1);
  for (let place = 0; place < ids.length; place++) {
    const id = ids[place]!;
    if (places[id] !== -1) return null;
    places[id] = place;
    starts[id + 1] = ends[place]! - (place > 0 ? ends[place - 1]! : 0);
  }
  for (let id = 0; id < limit; id++) starts[id + 1]! += starts[id]!;
  const sorted = new Uint8Array(starts[limit]! + 16);
  for (let id = 0; id < limit; id++) {
    const place = places[id]!;
    let from = place > 0 ? ends[place - 1]! : 0;
    for (let at = starts[id]!; at < starts[id + 1]!; at++) sorted[at] = blob[from++]!;
  }
  return new TokenBytes(sorted, starts, others);
}
