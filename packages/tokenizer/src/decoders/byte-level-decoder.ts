import type { TokenBytes } from '../models/token-bytes.ts';
import { byteLevelBytes } from './decoder.ts';

/** Tokens of up to this many bytes are written as two 32-bit words. */
const CELL = 8;
/** A length that says: look the token up by `tokenOf`. */
const ASK = 0xffff;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The fast path of decoding byte-level tokens: their bytes are put one after the other and decoded at once. The
 * readable twin is the `ByteLevel` decoder.
 */
export class ByteLevelDecoder {
  readonly #tokensOf: () => TokenBytes;
  readonly #tokenOf: (id: number) => string;
  readonly #added: () => Iterable<number>;
  #tokens: TokenBytes | undefined;
  /** By id: the first `CELL` bytes. */
  #cells = new Int32Array(0);
  #lengths = new Uint16Array(0);
  #bytes = new Uint8Array(1 << 12);
  #view = new DataView(this.#bytes.buffer);

  /**
   * @param tokensOf the bytes of the vocabulary, asked for when they are first needed
   * @param tokenOf the token of an id; throws where there is none
   * @param added ids whose tokens `tokenOf` must be asked for, and that may be left out
   */
  constructor(tokensOf: () => TokenBytes, tokenOf: (id: number) => string, added: () => Iterable<number>) {
    this.#tokensOf = tokensOf;
    this.#tokenOf = tokenOf;
    this.#added = added;
  }

  /** @param skip ids to leave out, all of them added ones */
  decode(ids: Iterable<number>, skip: ReadonlySet<number> | null): string {
    if (!this.#tokens) this.#prepare();
    const list = Array.isArray(ids) || ArrayBuffer.isView(ids) ? (ids as number[]) : Array.from(ids);
    const lengths = this.#lengths;
    const cells = this.#cells;
    let view = this.#view;
    let room = this.#bytes.length - CELL;
    let end = 0;
    for (let i = 0; i < list.length; i++) {
      const id = list[i]!;
      const length = lengths[id];
      if (length !== undefined && length <= CELL) {
        if (end > room) {
          this.#grow(end, CELL);
          view = this.#view;
          room = this.#bytes.length - CELL;
        }
        view.setInt32(end, cells[id << 1]!, true);
        view.setInt32(end + 4, cells[(id << 1) + 1]!, true);
        end += length;
        continue;
      }
      end = this.#append(id, length, end, skip);
      view = this.#view;
      room = this.#bytes.length - CELL;
    }
    return end === 0 ? '' : utf8.decode(this.#bytes.subarray(0, end));
  }

  /** Forgets the tokens, e.g. because one was added. */
  clear(): void {
    this.#tokens = undefined;
  }

  /** Appends a long token or one that must be asked for. Returns where it ends. */
  #append(id: number, length: number | undefined, end: number, skip: ReadonlySet<number> | null): number {
    if (length !== undefined && length !== ASK) {
      const { blob, starts } = this.#tokens!;
      this.#grow(end, length);
      const bytes = this.#bytes;
      for (let at = starts[id]!, to = end; to < end + length; ) bytes[to++] = blob[at++]!;
      return end + length;
    }
    if (skip?.has(id)) return end;
    const bytes = byteLevelBytes(this.#tokenOf(id));
    this.#grow(end, bytes.length);
    this.#bytes.set(bytes, end);
    return end + bytes.length;
  }

  #grow(end: number, more: number): void {
    if (end + more + CELL <= this.#bytes.length) return;
    const bytes = new Uint8Array((end + more + CELL) * 2);
    bytes.set(this.#bytes.subarray(0, end));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #prepare(): void {
    const tokens = this.#tokensOf();
    const { limit, starts, blob } = tokens;
    const view = new DataView(blob.buffer);
    this.#cells = new Int32Array(limit * 2);
    this.#lengths = new Uint16Array(limit);
    for (let id = 0; id < limit; id++) {
      const start = starts[id]!;
      const length = starts[id + 1]! - start;
      this.#cells[id << 1] = view.getInt32(start, true);
      this.#cells[(id << 1) + 1] = view.getInt32(start + 4, true);
      // No bytes: no token, or one that is not of the byte alphabet.
      this.#lengths[id] = length === 0 || length >= ASK ? ASK : length;
    }
    for (const id of this.#added()) if (id < limit) this.#lengths[id] = ASK;
    this.#tokens = tokens;
  }
}
