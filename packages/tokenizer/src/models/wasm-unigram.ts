import type { CharsMap } from '../text/chars-map.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { instantiate, type WasmMemory } from '../wasm/instance.ts';
import { unigramWasm } from '../wasm/unigram.ts';
import { addedScores, type ByteUnigramOptions } from './byte-unigram.ts';

/** What `native/src/unigram.c` exports; addresses are numbers. */
interface Exports {
  readonly memory: WasmMemory;
  room(bytes: number): number;
  setPieces(ids: number, pieces: number, unknownScore: number, unknownId: number): number;
  setBytes(): void;
  setWords(joinsBlanks: number, overText: number): void;
  setRules(units: number, bytes: number, addDummyPrefix: number, removeExtraWhitespaces: number): void;
  encode(length: number, normalizes: number): number;
  ids(): number;
}

export interface NormalizerRules {
  rules: CharsMap;
  /** Of each byte, as in `ByteNormalizer`. */
  kinds: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
}

const utf8 = new TextEncoder();
/** Texts of up to so many code units are written without the encoder, if they are ASCII; so many ids are read singly. */
const FEW = 64;
/** Memory for texts doubles up to this. */
const MORE = 1 << 20;

/**
 * A Unigram model in WebAssembly. The readable twins are `ByteNormalizer` and `ByteUnigram`, which also serve where
 * there is no WebAssembly.
 */
export class WasmUnigram {
  readonly #exports: Exports;
  #bytes: Uint8Array;
  #numbers: Int32Array;
  /** Where a text goes, and how many bytes there is room for. */
  #room = 0;
  #size = 0;

  private constructor(exports: Exports) {
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#numbers = new Int32Array(exports.memory.buffer);
  }

  /**
   * The twin of `ByteUnigram`, or null where WebAssembly can't be had or the pieces do not fit.
   * @param normalizer if given, `encode` takes texts that are not normalized yet
   */
  static create(options: ByteUnigramOptions, normalizer?: NormalizerRules): WasmUnigram | null {
    try {
      const exports = instantiate<Exports>(unigramWasm, {});
      if (!setPieces(exports, options)) return null;
      if (options.byteIds) {
        new Int32Array(exports.memory.buffer, exports.room(1 << 10), 256).set(options.byteIds);
        exports.setBytes();
      }
      const alone = new Uint8Array(exports.memory.buffer, exports.room(0x80), 0x80).fill(0);
      if (options.words.alone) alone.set(options.words.alone);
      exports.setWords(options.words.joinsBlanks ? 1 : 0, options.overText ? 1 : 0);
      if (normalizer) setRules(exports, normalizer);
      return new WasmUnigram(exports);
    } catch {
      return null;
    }
  }

  /**
   * Appends the ids of a text, which it normalizes.
   * @returns whether it could: not where memory does not suffice, or a character is unknown and there is no piece for it
   */
  encode(text: string, out: IdBuffer): boolean {
    const units = text.length;
    try {
      this.#reserve(units * 3);
      return this.#run(this.#write(text, units), true, out);
    } catch {
      return false;
    }
  }

  /** Appends the ids of `bytes[0..end)`, in which a space stands for `▁`. The rest is as in `encode`. */
  encodeBytes(bytes: Uint8Array, _view: DataView, end: number, out: IdBuffer): boolean {
    try {
      this.#reserve(end);
      this.#bytes.set(bytes.subarray(0, end), this.#room);
      return this.#run(end, false, out);
    } catch {
      return false;
    }
  }

  #reserve(size: number): void {
    if (size > this.#size) {
      const more = size + Math.min(size, MORE);
      this.#room = this.#exports.room(more);
      this.#size = more;
    }
    this.#refresh();
  }

  /** Memory that has grown is another buffer. */
  #refresh(): void {
    if (this.#bytes.length > 0) return;
    const { buffer } = this.#exports.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#numbers = new Int32Array(buffer);
  }

  /** Writes the UTF-8 of a text. Returns how many bytes it has. */
  #write(text: string, units: number): number {
    const room = this.#room;
    if (units <= FEW) {
      const bytes = this.#bytes;
      let all = 0;
      for (let i = 0; i < units; i++) {
        const unit = text.charCodeAt(i);
        all |= unit;
        bytes[room + i] = unit;
      }
      if (all < 0x80) return units;
    }
    return utf8.encodeInto(text, this.#bytes.subarray(room, room + units * 3)).written;
  }

  #run(length: number, normalizes: boolean, out: IdBuffer): boolean {
    const exports = this.#exports;
    const count = exports.encode(length, normalizes ? 1 : 0);
    if (count < 0) return false;
    this.#refresh();
    out.reserve(count);
    const numbers = this.#numbers;
    const first = exports.ids() >>> 2;
    if (count > FEW) out.ids.set(numbers.subarray(first, first + count), out.count);
    else for (let i = 0; i < count; i++) out.ids[out.count + i] = numbers[first + i]!;
    out.count += count;
    return true;
  }
}

function setPieces(exports: Exports, options: ByteUnigramOptions): boolean {
  const { pieces, scores, unknownScore, unknownId, overText } = options;
  const limit = scores.length;
  const size = pieces.reduce((sum, [bytes]) => sum + bytes.length, 0);
  let at = exports.room(limit * 8 + (limit + 1) * 4 + pieces.length * 8 + size);
  const { buffer } = exports.memory;
  new Float64Array(buffer, at, limit).set(scores);
  at += limit * 8;
  const added = new Float32Array(buffer, at, limit + 1).fill(0);
  if (overText) added.set(addedScores(options));
  at += (limit + 1) * 4;
  const lengths = new Uint32Array(buffer, at, pieces.length);
  const ids = new Int32Array(buffer, at + pieces.length * 4, pieces.length);
  const target = new Uint8Array(buffer, at + pieces.length * 8, size);
  let filled = 0;
  pieces.forEach(([bytes, id], i) => {
    lengths[i] = bytes.length;
    ids[i] = id;
    target.set(bytes, filled);
    filled += bytes.length;
  });
  return exports.setPieces(limit, pieces.length, unknownScore, unknownId) === 1;
}

function setRules(exports: Exports, normalizer: NormalizerRules): void {
  const { kinds, rules, addDummyPrefix, removeExtraWhitespaces } = normalizer;
  const { units, replacements } = rules;
  const at = exports.room(0x100 + units.length * 4 + replacements.length);
  const { buffer } = exports.memory;
  new Uint8Array(buffer, at, 0x100).set(kinds);
  new Uint32Array(buffer, at + 0x100, units.length).set(units);
  new Uint8Array(buffer, at + 0x100 + units.length * 4, replacements.length).set(replacements);
  exports.setRules(units.length, replacements.length, addDummyPrefix ? 1 : 0, removeExtraWhitespaces ? 1 : 0);
}
