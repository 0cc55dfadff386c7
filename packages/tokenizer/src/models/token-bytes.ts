import { BYTE_TO_CHAR, bytesToChars, CHAR_TO_BYTE } from '../text/byte-alphabet.ts';

/** The bytes of the tokens of a byte-level vocabulary, one after the other. */
export class TokenBytes {
  /** Ids are below this. */
  readonly limit: number;
  /** 16 bytes more than the tokens take. */
  readonly blob: Uint8Array<ArrayBuffer>;
  /** Where the bytes of each token start; those of a token that is not of the byte alphabet are none. */
  readonly starts: Int32Array;
  /** Tokens that are not of the byte alphabet. */
  readonly others: ReadonlyMap<string, number>;
  /** Ids plus 1 by hash of the bytes; 0 = empty. */
  #index: Int32Array | undefined;
  #hasDuplicates = false;

  constructor(blob: Uint8Array<ArrayBuffer>, starts: Int32Array, others: ReadonlyMap<string, number>) {
    this.limit = starts.length - 1;
    this.blob = blob;
    this.starts = starts;
    this.others = others;
  }

  /** @param tokens by id */
  static of(tokens: readonly (string | undefined)[]): TokenBytes {
    let units = 0;
    for (const token of tokens) units += token?.length ?? 0;
    const blob = new Uint8Array(units + 16);
    const starts = new Int32Array(tokens.length + 1);
    const others = new Map<string, number>();
    let end = 0;
    for (let id = 0; id < tokens.length; id++) {
      starts[id] = end;
      const token = tokens[id];
      if (token === undefined) continue;
      const stop = writeBytes(token, blob, end);
      if (stop < 0 || token === '') others.set(token, id);
      else end = stop;
    }
    starts[tokens.length] = end;
    return new TokenBytes(blob, starts, others);
  }

  /** How many tokens there are. */
  get size(): number {
    const { starts, limit } = this;
    let size = this.others.size;
    for (let id = 0; id < limit; id++) if (starts[id + 1]! > starts[id]!) size++;
    return size;
  }

  /** By id, in the byte alphabet. */
  tokens(): (string | undefined)[] {
    const { starts, limit, blob } = this;
    const tokens: (string | undefined)[] = [];
    for (let id = 0; id < limit; id++) {
      if (starts[id + 1]! > starts[id]!) tokens[id] = bytesToChars(blob.subarray(starts[id], starts[id + 1]));
    }
    for (const [token, id] of this.others) tokens[id] = token;
    return tokens;
  }

  /** The id of a token in the byte alphabet, or undefined. */
  idOf(token: string): number | undefined {
    const other = this.others.get(token);
    if (other !== undefined) return other;
    const bytes = new Uint8Array(token.length);
    if (token === '' || writeBytes(token, bytes, 0) < 0) return undefined;
    const id = this.find(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length, 0));
    return id < 0 ? undefined : id;
  }

  /**
   * The id of a token, or -1.
   * @param hash `hashBytes` of the bytes, from 0
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const index = this.index();
    const mask = index.length - 1;
    for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
      const id = index[slot]! - 1;
      if (id < 0) return -1;
      if (this.#isAt(id, bytes, start, end)) return id;
    }
  }

  /** The table for `find`, built when first asked for. Of equal tokens the first is found. */
  index(): Int32Array {
    if (this.#index) return this.#index;
    const { starts, limit, blob } = this;
    const index = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(limit, 8) * 2)));
    const mask = index.length - 1;
    for (let id = 0; id < limit; id++) {
      if (starts[id] === starts[id + 1]) continue;
      let slot = mix(hashBytes(blob, starts[id]!, starts[id + 1]!, 0)) & mask;
      for (; index[slot] !== 0; slot = (slot + 1) & mask) {
        const other = index[slot]! - 1;
        if (this.#isAt(other, blob, starts[id]!, starts[id + 1]!)) this.#hasDuplicates = true;
      }
      index[slot] = id + 1;
    }
    this.#index = index;
    return index;
  }

  /** Whether two ids have the same bytes. */
  hasDuplicates(): boolean {
    this.index();
    return this.#hasDuplicates;
  }

  /** Whether this is the token `bytes[0..end)`. */
  is(id: number, bytes: Uint8Array, end: number): boolean {
    return id >= 0 && id < this.limit && this.#isAt(id, bytes, 0, end);
  }

  #isAt(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { blob, starts } = this;
    let at = starts[id]!;
    if (starts[id + 1]! - at !== end - start) return false;
    for (let from = start; from < end; from++) if (blob[at++] !== bytes[from]) return false;
    return true;
  }

  /** The tokens that have bytes, the short ones first. */
  byLength(): Int32Array {
    const { starts, limit } = this;
    let longest = 0;
    for (let id = 0; id < limit; id++) longest = Math.max(longest, starts[id + 1]! - starts[id]!);
    const places = new Int32Array(longest + 2);
    for (let id = 0; id < limit; id++) places[starts[id + 1]! - starts[id]! + 1]!++;
    const empty = places[1]!;
    for (let length = 1; length <= longest + 1; length++) places[length]! += places[length - 1]!;
    const sorted = new Int32Array(limit);
    for (let id = 0; id < limit; id++) sorted[places[starts[id + 1]! - starts[id]!]!++] = id;
    return sorted.subarray(empty);
  }

  /** The token of each byte, or null where one has none. */
  byteIds(): Int32Array | null {
    const ids = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const id = this.idOf(BYTE_TO_CHAR[byte]!);
      if (id === undefined) return null;
      ids[byte] = id;
    }
    return ids;
  }
}

/** Goes on with a hash of bytes, so that the hash of two parts is that of the whole. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193) ^ (hash >>> 17);
  return hash;
}

const mix = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
};

/** Writes the bytes that a string of the byte alphabet stands for. Returns where they end, or -1. */
function writeBytes(token: string, bytes: Uint8Array, start: number): number {
  for (let i = 0; i < token.length; i++) {
    const byte = CHAR_TO_BYTE[token.charCodeAt(i)] ?? -1;
    if (byte < 0) return -1;
    bytes[start + i] = byte;
  }
  return start + token.length;
}
