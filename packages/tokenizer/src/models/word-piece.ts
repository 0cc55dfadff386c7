import type { ModelJson } from '../tokenizer-json.ts';
import type { Model, TokenizeOptions, TokenSink } from './model.ts';
import { Vocabulary } from './vocabulary.ts';

/**
 * Greedy longest match from the left; a word that cannot be covered is unknown as a whole.
 * Source: Devlin et al. 2018, BERT; the idea: Schuster & Nakajima 2012.
 */
export class WordPiece implements Model {
  readonly vocabulary: Vocabulary;
  readonly #unknownToken: string;
  readonly #prefix: string;
  readonly #maxChars: number;
  readonly #longest: number;

  constructor(json: ModelJson) {
    this.vocabulary = Vocabulary.fromJSON(json.vocab);
    this.#unknownToken = (json.unk_token as string) ?? '[UNK]';
    this.#prefix = (json.continuing_subword_prefix as string) ?? '##';
    this.#maxChars = (json.max_input_chars_per_word as number) ?? 100;
    let longest = 0;
    for (const token of this.vocabulary.ids.keys()) longest = Math.max(longest, token.length);
    this.#longest = longest;
  }

  /** @throws where the word cannot be covered and there is no unknown token */
  tokenize(piece: string, sink: TokenSink, { forbidden }: TokenizeOptions = {}): void {
    const found: [id: number, start: number, end: number][] = [];
    let start = isLonger(piece, this.#maxChars) ? -1 : 0;
    while (start >= 0 && start < piece.length) {
      const prefix = start > 0 ? this.#prefix : '';
      let end = Math.min(piece.length, start + this.#longest);
      let id: number | undefined;
      for (; end > start; end--) {
        id = this.vocabulary.ids.get(prefix + piece.slice(start, end));
        if (id !== undefined && !forbidden?.has(id)) break;
        id = undefined;
      }
      if (id === undefined) start = -1;
      else {
        found.push([id, start, end]);
        start = end;
      }
    }
    if (start >= 0) for (const token of found) sink.push(...token);
    else sink.push(this.#unknownId(piece), 0, piece.length);
  }

  #unknownId(piece: string): number {
    const id = this.vocabulary.ids.get(this.#unknownToken);
    if (id === undefined) {
      throw new Error(
        `WordPiece: ${JSON.stringify(piece)} cannot be covered, and model.unk_token ${JSON.stringify(this.#unknownToken)} is not in the vocabulary`,
      );
    }
    return id;
  }

  toJSON(): ModelJson {
    return {
      type: 'WordPiece',
      unk_token: this.#unknownToken,
      continuing_subword_prefix: this.#prefix,
      max_input_chars_per_word: this.#maxChars,
      vocab: this.vocabulary.toJSON(),
    };
  }
}

/** Whether a text has more than `limit` characters. */
function isLonger(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  return text.length > limit * 2 || [...text].length > limit;
}
