import { type ByteScanner, planOf } from '../pre-tokenizers/byte-scanners.ts';
import { BYTE_TO_CHAR } from '../text/byte-alphabet.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import type { Bpe } from './bpe.ts';
import { ByteBpe } from './byte-bpe.ts';
import { WasmByteBpe } from './wasm-byte-bpe.ts';

/** Byte-level BPE in WebAssembly, or in JavaScript where that can't be had. */
export class FastByteBpe {
  readonly wasm: WasmByteBpe | null;
  readonly #create: () => ByteBpe;
  #script: ByteBpe | undefined;

  private constructor(wasm: WasmByteBpe | null, create: () => ByteBpe) {
    this.wasm = wasm;
    this.#create = create;
    if (!wasm) this.#script = create();
  }

  /**
   * The fast twin of `bpe` behind a byte-level pre-tokenizer, or null where its options rule it out.
   * @param isSpecial says which ids must not come out of ordinary text
   */
  static create(bpe: Bpe, scan: ByteScanner, isSpecial: (id: number) => boolean): FastByteBpe | null {
    const { continuing_subword_prefix, end_of_word_suffix, dropout, ignore_merges } = bpe.config;
    if (continuing_subword_prefix || end_of_word_suffix || dropout) return null;
    const byteIds = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const id = bpe.vocabulary.idOf(BYTE_TO_CHAR[byte]!);
      if (id === undefined) return null;
      byteIds[byte] = id;
    }
    const vocabulary = {
      bytes: bpe.vocabulary.bytes(),
      byteIds,
      mergeIds: bpe.mergeIds,
      ignoresMerges: ignore_merges === true,
    };
    const plan = planOf(scan);
    const wasm = plan ? WasmByteBpe.create(vocabulary, plan, isSpecial) : null;
    return new FastByteBpe(wasm, () => new ByteBpe(bpe, byteIds, scan, isSpecial));
  }

  /** Appends the ids of a text. */
  encode(text: string, out: IdBuffer): true {
    if (this.wasm?.encode(text, out)) return true;
    this.#script ??= this.#create();
    return this.#script.encode(text, out);
  }
}
