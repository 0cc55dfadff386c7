import { TokenBytes } from './token-bytes.ts';

/** The two directions of a vocabulary: token to id and id to token. Ids may have gaps. */
export class Vocabulary {
  #tokens: (string | undefined)[] | undefined;
  #ids: Map<string, number> | undefined;
  /** What both are made from when first asked for. */
  readonly #packed: TokenBytes | null = null;
  #bytes: TokenBytes | undefined;

  constructor(from: Map<string, number> | TokenBytes) {
    if (from instanceof Map) this.#ids = from;
    else this.#packed = from;
  }

  get tokens(): (string | undefined)[] {
    if (this.#tokens) return this.#tokens;
    this.#tokens = [];
    if (this.#packed) this.#tokens = this.#packed.tokens();
    else for (const [token, id] of this.#ids!) this.#tokens[id] = token;
    return this.#tokens;
  }

  get ids(): Map<string, number> {
    if (this.#ids) return this.#ids;
    this.#ids = new Map();
    this.tokens.forEach((token, id) => {
      if (token !== undefined) this.#ids!.set(token, id);
    });
    return this.#ids;
  }

  /** The id of a token, or undefined; without building `ids` for it. */
  idOf(token: string): number | undefined {
    return this.#ids ? this.#ids.get(token) : this.#packed!.idOf(token);
  }

  /** Ids are below this. */
  get limit(): number {
    return this.#packed ? this.#packed.limit : this.tokens.length;
  }

  /** The bytes of byte-level tokens. */
  bytes(): TokenBytes {
    this.#bytes ??= this.#packed ?? TokenBytes.of(this.tokens);
    return this.#bytes;
  }

  /**
   * Reads the `vocab` object of a `tokenizer.json` model.
   * @throws where an id is not a non-negative integer
   */
  static fromJSON(vocab: unknown): Vocabulary {
    if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) {
      throw new Error(`tokenizer.json: model.vocab must be an object of token to id, found ${typeof vocab}`);
    }
    const entries = Object.entries(vocab as Record<string, number>);
    for (const [token, id] of entries) checkId(token, id);
    return new Vocabulary(new Map(entries));
  }

  get size(): number {
    return this.#packed ? this.#packed.size : this.ids.size;
  }

  /** As an object, in the order of the ids. (JavaScript itself moves keys such as "7" to the front.) */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.ids].sort((a, b) => a[1] - b[1]));
  }
}

/** Ids are array indices: one absurd id must not fill the memory. */
export const MAX_ID = 2 ** 24;

function checkId(token: string, id: unknown): void {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
    throw new Error(
      `tokenizer.json: model.vocab[${JSON.stringify(token)}] must be an integer id from 0 to ${MAX_ID}, found ${id}`,
    );
  }
}
