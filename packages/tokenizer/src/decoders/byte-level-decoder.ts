import { byteLevelBytes, decodeUtf8 } from './decoder.ts';

/**
 * The fast path of decoding byte-level tokens: tokens that are whole characters have their text remembered,
 * and only runs of the others are put together from bytes.
 */
export class ByteLevelDecoder {
  readonly #tokenOf: (id: number) => string;
  /** By id: the text, or null for a token that is part of a character. */
  #texts: (string | null | undefined)[] = [];

  /** @param tokenOf the token of an id; throws where there is none */
  constructor(tokenOf: (id: number) => string) {
    this.#tokenOf = tokenOf;
  }

  /** @param skip ids to leave out */
  decode(ids: Iterable<number>, skip: ReadonlySet<number> | null): string {
    const texts = this.#texts;
    let text = '';
    let pending: Uint8Array[] = [];
    for (const id of ids) {
      if (skip?.has(id)) continue;
      let part = texts[id];
      if (part === undefined) part = texts[id] = this.#textOf(id);
      if (part === null) {
        pending.push(byteLevelBytes(this.#tokenOf(id)));
        continue;
      }
      // A whole character ends whatever was unfinished before it.
      if (pending.length > 0) {
        text += decodeUtf8(pending);
        pending = [];
      }
      text += part;
    }
    return pending.length > 0 ? text + decodeUtf8(pending) : text;
  }

  /** Forgets all texts, e.g. because a token was added. */
  clear(): void {
    this.#texts = [];
  }

  #textOf(id: number): string | null {
    const bytes = byteLevelBytes(this.#tokenOf(id));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  }
}
