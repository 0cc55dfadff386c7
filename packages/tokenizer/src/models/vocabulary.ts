/** The two directions of a vocabulary: token to id and id to token. Ids may have gaps. */
export class Vocabulary {
  readonly tokens: (string | undefined)[];
  readonly ids: Map<string, number>;

  constructor(ids: Map<string, number>) {
    this.ids = ids;
    this.tokens = [];
    for (const [token, id] of ids) this.tokens[id] = token;
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
    return this.ids.size;
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
