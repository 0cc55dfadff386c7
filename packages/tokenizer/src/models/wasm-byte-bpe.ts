import { BYTE_KINDS } from '../pre-tokenizers/ascii-tables.ts';
import type { ScannerPlan } from '../pre-tokenizers/byte-scanners.ts';
import { charClasses } from '../text/char-class.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { byteBpeWasm } from '../wasm/byte-bpe.ts';
import { instantiate, reserve, type WasmMemory } from '../wasm/instance.ts';
import type { TokenBytes } from './token-bytes.ts';

/** What `native/src/byte-bpe.c` exports; addresses are numbers. */
interface Exports {
  readonly memory: WasmMemory;
  take(size: number): number;
  give(block: number, size: number): void;
  packClasses(all: number, packed: number): number;
  setScanner(
    step: number,
    digits: number,
    trailing: number,
    kinds: number,
    table: number,
    tableSize: number,
    classes: number,
  ): void;
  setVocabulary(
    limit: number,
    blob: number,
    starts: number,
    byteIds: number,
    merges: number,
    mergeCount: number,
    ignoresMerges: number,
  ): number;
  textStart(): number;
  encode(length: number, more: number): number;
  ids(): number;
  idCount(): number;
  ask(id: number): void;
  gather(ids: number, count: number, to: number, end: number): number;
  gatheredEnd(): number;
}

const STEPS = ['gpt2', 'cl100k', 'o200k', 'whole'];
/** Bytes that the property bits of all code points take when packed, at most. */
const MOST_CLASSES = 0x1100 + 256 * 256;
/** Bytes that `encode` reads after the text and what it needs for ids and the places that are closed. */
const BESIDES = 256;
/** Tokens that are decoded at once, and bytes that there is room for then. */
const WINDOW = 1 << 13;
const GATHERED = 1 << 18;
const utf8 = new TextEncoder();

interface Vocabulary {
  bytes: TokenBytes;
  byteIds: Int32Array;
  /** Left, right, joined of each merge, in the order of rank. */
  mergeIds: Int32Array;
  ignoresMerges: boolean;
}

/**
 * Byte-level BPE in WebAssembly, whose memory holds its tables and a window of the text. The twin in JavaScript is
 * `ByteBpe`, which is used where this can't be had.
 */
export class WasmByteBpe {
  readonly #exports: Exports;
  readonly #text: number;
  readonly #units: number;
  #memory: Uint8Array = new Uint8Array(0);
  #words: Int32Array = new Int32Array(0);
  #doubles: Float64Array = new Float64Array(0);
  readonly #limit: number;

  private constructor(exports: Exports, units: number, limit: number) {
    this.#exports = exports;
    this.#text = exports.textStart();
    this.#units = units;
    this.#limit = limit;
    if (!this.#reserve(Math.max(units * 3, (WINDOW * 8 + GATHERED) / 5)))
      throw new RangeError('no memory for a text');
  }

  /**
   * @param isSpecial says which ids must not come out of ordinary text
   * @param units UTF-16 code units that are encoded at once, unless one word is longer
   * @returns null where there is no WebAssembly or no memory, or the merges are of an unusual kind
   */
  static create(
    vocabulary: Vocabulary,
    plan: ScannerPlan,
    isSpecial: (id: number) => boolean,
    units = 1 << 15,
  ): WasmByteBpe | null {
    try {
      const exports = instantiate<Exports>(byteBpeWasm, {
        isSpecial: (id: number) => (isSpecial(id) ? 1 : 0),
      });
      setScanner(exports, plan);
      return setVocabulary(exports, vocabulary)
        ? new WasmByteBpe(exports, units, vocabulary.bytes.limit)
        : null;
    } catch {
      return null;
    }
  }

  /** Appends the ids of a text. Returns false, with nothing appended, where memory does not suffice. */
  encode(text: string, out: IdBuffer): boolean {
    const before = out.count;
    let units = this.#units;
    for (let start = 0; ; ) {
      let stop = Math.min(text.length, start + units);
      const more = stop < text.length;
      if (more && (text.charCodeAt(stop - 1) & 0xfc00) === 0xd800) stop--;
      const room = (stop - start) * 3;
      if (units > this.#units && !this.#reserve(room)) {
        out.count = before;
        return false;
      }
      const part = stop - start === text.length ? text : text.substring(start, stop);
      const bytes = this.#memory.subarray(this.#text, this.#text + room);
      const { written } = utf8.encodeInto(part, bytes);
      const consumed = this.#exports.encode(written, more ? 1 : 0);
      this.#append(out);
      if (!more) return true;
      if (consumed === 0) units *= 2;
      else units = this.#units;
      start = stop - unitsIn(bytes, consumed, written);
    }
  }

  /** Says which tokens `gather` is not to write, but to ask for. */
  setAsked(ids: Iterable<number>): void {
    this.#exports.ask(this.#limit);
    for (const id of ids) if (id < this.#limit) this.#exports.ask(id);
  }

  /**
   * The bytes of tokens, handed to `take` in parts, which it may read until it returns; the last part is handed to
   * `finish`, whose result this returns.
   * @param ask gives the bytes of a token that is not written here, at a place of the list
   * @throws where something in the list can't be made a number
   */
  gather<T>(
    ids: ArrayLike<number>,
    ask: (place: number) => Uint8Array,
    take: (bytes: Uint8Array) => void,
    finish: (bytes: Uint8Array) => T,
  ): T {
    const exports = this.#exports;
    const first = this.#text;
    const begin = first + WINDOW * 8;
    let end = begin;
    const flush = () => {
      if (end > begin) take(this.#memory.subarray(begin, end));
      end = begin;
    };
    for (let start = 0; start < ids.length; start += WINDOW) {
      const count = Math.min(WINDOW, ids.length - start);
      this.#doubles.set(count === ids.length ? ids : part(ids, start, start + count), first >> 3);
      for (let at = 0; at < count; ) {
        const written = exports.gather(first + at * 8, count - at, end, begin + GATHERED);
        const wasEmpty = end === begin;
        end = exports.gatheredEnd();
        at += written;
        if (at === count) break;
        flush();
        // With all the room there is it was not written either.
        if (written === 0 && wasEmpty) take(ask(start + at++));
      }
    }
    return finish(this.#memory.subarray(begin, end));
  }

  #append(out: IdBuffer): void {
    const count = this.#exports.idCount();
    const first = this.#exports.ids() >> 2;
    out.reserve(count);
    out.ids.set(this.#words.subarray(first, first + count), out.count);
    out.count += count;
  }

  /** Makes sure of memory for a text of `bytes` bytes and its ids. */
  #reserve(bytes: number): boolean {
    const { memory } = this.#exports;
    if (!reserve(memory, this.#text + bytes * 5 + (bytes >> 3) + BESIDES)) return false;
    if (this.#memory.buffer !== memory.buffer) {
      this.#memory = new Uint8Array(memory.buffer);
      this.#words = new Int32Array(memory.buffer);
      this.#doubles = new Float64Array(memory.buffer, 0, memory.buffer.byteLength >> 3);
    }
    return true;
  }
}

const part = (ids: ArrayLike<number>, start: number, end: number): ArrayLike<number> =>
  Array.isArray(ids) ? ids.slice(start, end) : (ids as Int32Array).subarray(start, end);

/** UTF-16 code units of the UTF-8 from `start` to `end`. */
function unitsIn(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) units += byte < 0xf0 ? 1 : 2;
  }
  return units;
}

/** Copies an array into the module's memory. */
function place(exports: Exports, array: Uint8Array | Uint16Array | Int32Array, padding = 0): number {
  const at = exports.take(array.byteLength + padding);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  new Uint8Array(exports.memory.buffer).set(bytes, at);
  return at;
}

/** The property bits of all code points as the scanner wants them, the same for all instances. */
let classes: Uint8Array | undefined;

function packedClasses(exports: Exports): Uint8Array {
  const all = charClasses();
  const allAt = place(exports, all);
  const packedAt = exports.take(MOST_CLASSES);
  const size = exports.packClasses(allAt, packedAt);
  const packed = new Uint8Array(exports.memory.buffer).slice(packedAt, packedAt + size);
  exports.give(packedAt, MOST_CLASSES);
  exports.give(allAt, all.byteLength);
  return packed;
}

function setScanner(exports: Exports, { step, digits, trailing, table }: ScannerPlan): void {
  classes ??= packedClasses(exports);
  exports.setScanner(
    STEPS.indexOf(step),
    digits,
    trailing ? 1 : 0,
    place(exports, BYTE_KINDS),
    place(exports, table),
    table.length,
    place(exports, classes),
  );
}

function setVocabulary(exports: Exports, { bytes, byteIds, mergeIds, ignoresMerges }: Vocabulary): boolean {
  const { blob, starts, limit } = bytes;
  const mergesAt = place(exports, mergeIds);
  const isDone = exports.setVocabulary(
    limit,
    place(exports, blob),
    place(exports, starts),
    place(exports, byteIds),
    mergesAt,
    mergeIds.length / 3,
    ignoresMerges ? 1 : 0,
  );
  return isDone !== 0;
}
