import { byteLevelBytes } from './decoders/decoder.ts';

/** Decodes ids as they arrive. The texts of all calls, joined, equal `decode` of all ids at once. */
export interface DecodeStream {
  /** The text that is certain after these ids; a character whose bytes are incomplete waits. */
  push(ids: number | Iterable<number>): string;
  /** The rest: incomplete characters come out as U+FFFD. The stream can then be used afresh. */
  end(): string;
}

/** Streams byte-level tokens: exact, since each token is a fixed run of bytes. */
export class ByteLevelStream implements DecodeStream {
  readonly #tokenOf: (id: number) => string | null;
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @param tokenOf the token of an id, or null for one to leave out */
  constructor(tokenOf: (id: number) => string | null) {
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
