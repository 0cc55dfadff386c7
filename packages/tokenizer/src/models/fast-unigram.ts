import { createNormalizer } from '../normalizers/normalizer.ts';
import { sparingly } from '../normalizers/sparingly.ts';
import { metaspaceOptions } from '../pre-tokenizers/metaspace.ts';
import { AlignedText } from '../text/aligned-text.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { wellFormed } from '../text/well-formed.ts';
import type { ComponentJson, TokenizerJson } from '../tokenizer-json.ts';
import { byteTokens } from './bpe.ts';
import { ByteUnigram, type ByteUnigramOptions } from './byte-unigram.ts';
import { UNKNOWN_PENALTY, type Unigram } from './unigram.ts';
import { pieceBytes } from './unigram-words.ts';
import { WasmUnigram } from './wasm-unigram.ts';

const utf8 = new TextEncoder();
const BLANK = 0x20;
const PADDING = 16;

/**
 * The fast path of a `tokenizer.json` with a Unigram model behind `Metaspace`. The slow twin is `Unigram` behind
 * that pre-tokenizer.
 */
export class FastUnigram {
  readonly #normalize: (text: string) => string;
  readonly #model: ByteUnigram | WasmUnigram;
  readonly #prepends: boolean;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 12);
  #view = new DataView(this.#bytes.buffer);

  private constructor(
    normalize: (text: string) => string,
    model: ByteUnigram | WasmUnigram,
    prepends: boolean,
  ) {
    this.#normalize = normalize;
    this.#model = model;
    this.#prepends = prepends;
  }

  /**
   * The fast twin of a tokenizer, or null where its components rule it out.
   * @param forbidden ids that must not come out of ordinary text
   * @param usesWasm whether WebAssembly may be used
   */
  static create(
    json: TokenizerJson,
    unigram: Unigram,
    forbidden: ReadonlySet<number>,
    usesWasm = true,
  ): FastUnigram | null {
    const metaspace = json.pre_tokenizer;
    if (metaspace?.type !== 'Metaspace' || metaspace.split === false) return null;
    const { replacement, prepend } = metaspaceOptions(metaspace);
    if (replacement !== '▁' || prepend === 'first') return null;
    const { scores, unknownId, vocabulary } = unigram;
    const least = scores.reduce((lowest, score) => Math.min(lowest, score), Infinity);
    const bytes = unigram.toJSON().byte_fallback ? byteTokens(vocabulary) : null;
    if (bytes?.includes(undefined) || !(least - UNKNOWN_PENALTY <= 0)) return null;
    // Spelled out, the unknown piece is itself, not bytes.
    if (bytes && unknownId !== null && !forbidden.has(unknownId)) return null;
    const pieces = [...vocabulary.ids]
      .filter(([piece, id]) => piece !== '' && !piece.includes(' ') && !forbidden.has(id))
      .map(([piece, id]) => [pieceBytes(piece), id] as const);
    const options: ByteUnigramOptions = {
      words: { joinsBlanks: false },
      pieces,
      scores,
      unknownScore: least - UNKNOWN_PENALTY,
      unknownId: unknownId ?? -1,
      byteIds: bytes as number[] | null,
      overText: false,
    };
    const model = (usesWasm && WasmUnigram.create(options)) || new ByteUnigram(options);
    return new FastUnigram(stringNormalizer(json.normalizer), model, prepend === 'always');
  }

  /** Appends the ids of a text. Returns whether it could: not where a character is unknown to the model. */
  encode(text: string, out: IdBuffer): boolean {
    const normal = this.#normalize(text);
    if (this.#bytes.length < normal.length * 3 + PADDING + 1) {
      this.#bytes = new Uint8Array(normal.length * 4 + PADDING + 1);
      this.#view = new DataView(this.#bytes.buffer);
    }
    const bytes = this.#bytes;
    const { written } = utf8.encodeInto(normal, bytes.subarray(1));
    bytes[0] = BLANK;
    let end = written + 1;
    if (normal.includes('▁')) end = blanksFor(bytes, end);
    // What is put before the text is not, where one is there already.
    const start = end > 1 && this.#prepends && bytes[1] !== BLANK ? 0 : 1;
    if (start === 1) bytes.copyWithin(0, 1, end--);
    bytes.fill(0, end, end + PADDING);
    bytes[end] = 0xff;
    return this.#model.encodeBytes(bytes, this.#view, end, out);
  }
}

/** Puts a space in the place of every `▁`. Returns where the bytes then end. */
function blanksFor(bytes: Uint8Array, end: number): number {
  let filled = 0;
  for (let at = 0; at < end; at++) {
    if (bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81) {
      bytes[filled++] = BLANK;
      at += 2;
    } else bytes[filled++] = bytes[at]!;
  }
  return filled;
}

/** A normalizer of strings. */
function stringNormalizer(json: ComponentJson | null): (text: string) => string {
  if (!json) return (text) => text;
  const normalize = createNormalizer(json);
  return sparingly(json, (text) => normalize(new AlignedText(wellFormed(text))).text);
}
