import type { ModelJson } from '../tokenizer-json.ts';
import type { Model, TokenizeOptions, TokenSink } from './model.ts';
import { Vocabulary } from './vocabulary.ts';

/** Whole pre-tokens looked up in the vocabulary. */
export class WordLevel implements Model {
  readonly vocabulary: Vocabulary;
  readonly #config: ModelJson;
  readonly #unknown: number | undefined;

  constructor(json: ModelJson) {
    const { vocab, ...config } = json;
    this.#config = config;
    this.vocabulary = Vocabulary.fromJSON(vocab);
    this.#unknown = this.vocabulary.ids.get((config.unk_token as string) ?? '<unk>');
  }

  /** @throws where the word is unknown and there is no token for such words */
  tokenize(piece: string, sink: TokenSink, { forbidden }: TokenizeOptions = {}): void {
    if (piece === '') return;
    let id = this.vocabulary.ids.get(piece);
    if (id !== undefined && id !== this.#unknown && forbidden?.has(id)) id = undefined;
    id ??= this.#unknown;
    if (id === undefined) {
      throw new Error(
        `WordLevel: ${JSON.stringify(piece)} is not in the vocabulary, and neither is model.unk_token ${JSON.stringify(this.#config.unk_token)}`,
      );
    }
    sink.push(id, 0, piece.length);
  }

  toJSON(): ModelJson {
    return { type: 'WordLevel', vocab: this.vocabulary.toJSON(), unk_token: this.#config.unk_token };
  }
}
