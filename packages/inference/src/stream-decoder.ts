/** What generation needs of a tokenizer to turn ids into text. */
export interface TextDecoder {
  decode(ids: readonly number[]): string;
}

const REPLACEMENT = '\uFFFD';

/**
 * Text of a token stream, token by token. One character may span several tokens, and how a token reads may
 * depend on the one before it; text is therefore given out only once a character is complete, and is found
 * by decoding a few tokens back. The pieces join to the decoding of the whole.
 */
export class StreamDecoder {
  private readonly decoder: TextDecoder;
  private ids: number[] = [];
  /** `ids` before this one are given out already and serve as context. */
  private given = 0;

  constructor(decoder: TextDecoder) {
    this.decoder = decoder;
  }

  /** Takes the next token; returns the text that became certain, often one token's, sometimes empty. */
  push(id: number): string {
    this.ids.push(id);
    const { before, all } = this.read();
    if (all.endsWith(REPLACEMENT)) return '';
    this.ids = this.ids.slice(this.given);
    this.given = this.ids.length;
    return all.slice(before.length);
  }

  /** The rest, incomplete characters as U+FFFD. */
  flush(): string {
    const { before, all } = this.read();
    this.given = this.ids.length;
    return all.slice(before.length);
  }

  private read(): { before: string; all: string } {
    return {
      before: this.decoder.decode(this.ids.slice(0, this.given)),
      all: this.decoder.decode(this.ids),
    };
  }
}
