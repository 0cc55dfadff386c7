import type { TokenBytes } from '../models/token-bytes.ts';
import type { WasmByteBpe } from '../models/wasm-byte-bpe.ts';
import { byteLevelBytes } from './decoder.ts';

/** Tokens of up to this many bytes are written as two 32-bit words. */
const CELL = 8;
/** A length that says: look the token up by `tokenOf`. */
const ASK = 0xffff;
const NOTHING = new Uint8Array(0);
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The fast path of decoding byte-level tokens: their bytes are put one after the other, in WebAssembly where that can
 * be had, and decoded at once. The readable twin is the `ByteLevel` decoder.
 */
export class ByteLevelDecoder {
  readonly #tokensOf: () => TokenBytes;
  readonly #tokenOf: (id: number) => string;
  readonly #added: () => Iterable<number>;
  readonly #wasm: WasmByteBpe | null;
  /** Whether WebAssembly knows the added tokens. */
  #isAsked = false;
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
   * @param wasm the same bytes in WebAssembly, which needs no warming up
   */
  constructor(
    tokensOf: () => TokenBytes,
    tokenOf: (id: number) => string,
    added: () => Iterable<number>,
    wasm: WasmByteBpe | null = null,
  ) {
    this.#tokensOf = tokensOf;
    this.#tokenOf = tokenOf;
    this.#added = added;
    this.#wasm = wasm;
  }

  /** @param skip ids to leave out, all of them added ones */
  decode(ids: Iterable<number>, skip: ReadonlySet<number> | null): string {
    const list = Array.isArray(ids) || ArrayBuffer.isView(ids) ? (ids as number[]) : Array.from(ids);
    if (this.#wasm && areNumbers(list)) return this.#decodeInWasm(this.#wasm, list, skip);
    return this.#decodeInScript(list, skip);
  }

  /** Forgets the tokens, e.g. because one was added. */
  clear(): void {
    this.#tokens = undefined;
    this.#isAsked = false;
  }

  #decodeInWasm(wasm: WasmByteBpe, list: ArrayLike<number>, skip: ReadonlySet<number> | null): string {
    if (!this.#isAsked) wasm.setAsked(this.#added());
    this.#isAsked = true;
    let taken = 0;
    const take = (bytes: Uint8Array) => {
      this.#grow(taken, bytes.length);
      this.#bytes.set(bytes, taken);
      taken += bytes.length;
    };
    const ask = (place: number) => {
      const id = list[place]!;
      return skip?.has(id) ? NOTHING : byteLevelBytes(this.#tokenOf(id));
    };
    return wasm.gather(list, ask, take, (last) => {
      if (taken === 0) return utf8.decode(last);
      take(last);
      return utf8.decode(this.#bytes.subarray(0, taken));
    });
  }

  #decodeInScript(list: ArrayLike<number>, skip: ReadonlySet<number> | null): string {
    if (!this.#tokens) this.#prepare();
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

/**
 * Whether a list can be taken for one of numbers; others are read one by one, so that what is wrong with them is said.
 * An array of numbers would make a zero of a null.
 */
function areNumbers(list: readonly unknown[]): boolean {
  if (!Array.isArray(list)) return typeof list[0] === 'number';
  return typeof list[0] === 'number' && !list.includes(null);
}
