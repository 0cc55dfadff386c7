import { byteLevelBytes, type Decoder, fallbackByte } from './decoders/decoder.ts';
import type { ComponentJson } from './tokenizer-json.ts';

/** Decodes ids as they arrive. The texts of all calls, joined, equal `decode` of all ids at once. */
export interface DecodeStream {
  /** The text that is certain after these ids; a character whose bytes are incomplete waits. */
  push(ids: number | Iterable<number>): string;
  /** The rest: incomplete characters come out as U+FFFD. The stream can then be used afresh. */
  end(): string;
}

/** The token of an id, or null for one to leave out. */
type TokenOf = (id: number) => string | null;

/** The stream that suits a decoder. */
export function createDecodeStream(
  json: ComponentJson | null,
  decoder: Decoder | null,
  tokenOf: TokenOf,
): DecodeStream {
  if (json?.type === 'ByteLevel') return new ByteLevelStream(tokenOf);
  return new WindowStream(decoder, tokenOf);
}

/** Streams byte-level tokens: exact, since each token is a fixed run of bytes. */
class ByteLevelStream implements DecodeStream {
  readonly #tokenOf: TokenOf;
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokenOf: TokenOf) {
    this.#tokenOf = tokenOf;
  }

  push(ids: number | Iterable<number>): string {
    let text = '';
    for (const id of typeof ids === 'number' ? [ids] : ids) {
      const token = this.#tokenOf(id);
      if (token !== null) text += this.#decoder.decode(byteLevelBytes(token), { stream: true });
    }
    return text;
  }

  end(): string {
    return this.#decoder.decode();
  }
}

/** Tokens kept as context, so that decoders that treat the first token apart see that it is not first. */
const CONTEXT = 8;

/**
 * Streams any other decoder by decoding a window of tokens with and without the newest: what both have in
 * common is certain. Bytes of unfinished characters wait for the token after them.
 */
class WindowStream implements DecodeStream {
  readonly #decode: (tokens: string[]) => string;
  readonly #tokenOf: TokenOf;
  #settled: string[] = [];
  #waiting: string[] = [];
  /** How much of the text of the window has been emitted. */
  #emitted = 0;

  constructor(decoder: Decoder | null, tokenOf: TokenOf) {
    this.#decode = (tokens) =>
      tokens.length === 0 ? '' : decoder ? decoder(tokens).join('') : tokens.join(' ');
    this.#tokenOf = tokenOf;
  }

  push(ids: number | Iterable<number>): string {
    let text = '';
    for (const id of typeof ids === 'number' ? [ids] : ids) {
      const token = this.#tokenOf(id);
      if (token !== null) text += this.#add(token);
    }
    return text;
  }

  end(): string {
    const text = this.#decode([...this.#settled, ...this.#waiting]).slice(this.#emitted);
    this.#settled = [];
    this.#waiting = [];
    this.#emitted = 0;
    return text;
  }

  #add(token: string): string {
    const isByteRun =
      fallbackByte(token) >= 0 && this.#waiting.length > 0 && fallbackByte(this.#waiting[0]!) >= 0;
    if (isByteRun || this.#waiting.length === 0) {
      this.#waiting.push(token);
      return '';
    }
    this.#settled.push(...this.#waiting);
    this.#waiting = [token];
    const without = this.#decode(this.#settled);
    const certain = commonLength(without, this.#decode([...this.#settled, token]));
    const text = without.slice(this.#emitted, certain);
    this.#emitted = Math.max(this.#emitted, certain);
    this.#trim(without.length);
    return text;
  }

  #trim(length: number): void {
    if (this.#settled.length <= 2 * CONTEXT) return;
    this.#settled = this.#settled.slice(-CONTEXT);
    // What is still to come stands at the end, where the cut changes nothing.
    this.#emitted += this.#decode(this.#settled).length - length;
  }
}

/** Length of the common beginning of two texts, not ending within a surrogate pair. */
function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  const splitsPair = length > 0 && (a.charCodeAt(length - 1) & 0xfc00) === 0xd800;
  return splitsPair ? length - 1 : length;
}
