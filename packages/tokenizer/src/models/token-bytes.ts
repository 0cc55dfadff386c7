import { CHAR_TO_BYTE } from '../text/byte-alphabet.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The bytes of the tokens of a byte-level vocabulary, one after the other. */
export class TokenBytes {
  /** Ids are below this. */
  readonly limit: number;
  /** 16 bytes more than the tokens take. */
  readonly blob: Uint8Array<ArrayBuffer>;
  /** Where the bytes of each token start; those of a token that is not of the byte alphabet are none. */
  readonly starts: Int32Array;

  constructor({ tokens }: Vocabulary) {
    this.limit = tokens.length;
    let units = 0;
    for (const token of tokens) units += token?.length ?? 0;
    this.blob = new Uint8Array(units + 16);
    this.starts = new Int32Array(tokens.length + 1);
    let end = 0;
    for (let id = 0; id < tokens.length; id++) {
      this.starts[id] = end;
      end = this.#write(tokens[id] ?? '', end);
    }
    this.starts[tokens.length] = end;
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

  #write(token: string, start: number): number {
    const { blob } = this;
    for (let i = 0; i < token.length; i++) {
      const byte = CHAR_TO_BYTE[token.charCodeAt(i)] ?? -1;
      if (byte < 0) return start;
      blob[start + i] = byte;
    }
    return start + token.length;
  }
}
