import { AddedTokenMatcher, type SpecialTokenRule } from './added-tokens.ts';
import { ByteLevelStream, type DecodeStream } from './decode-stream.ts';
import { createDecoder, type Decoder } from './decoders/decoder.ts';
import { Encoding, type EncodingColumns, type Offsets } from './encoding.ts';
import { Bpe } from './models/bpe.ts';
import { ByteBpe } from './models/byte-bpe.ts';
import { type Model, type TokenizeOptions, TokenSink } from './models/model.ts';
import { byteLevelScanner } from './pre-tokenizers/fast-scanner.ts';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers/pre-tokenizer.ts';
import { AlignedText } from './text/aligned-text.ts';
import { wellFormed } from './text/well-formed.ts';
import type { AddedTokenJson, BpeJson, TokenizerJson } from './tokenizer-json.ts';

/**
 * What becomes of special tokens written out in a text: `text` encodes them as ordinary characters (the
 * default: user input cannot inject them), `allow` matches them all, `refuse` throws, a list matches those.
 */
export type SpecialTokens = 'text' | 'allow' | 'refuse' | readonly string[];

export interface EncodeOptions {
  /** Default `text`. */
  specialTokens?: SpecialTokens;
  /** Let the post-processor add its tokens (`[CLS]`, `<s>` ...). Default true. */
  addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leave special tokens out. Default false. */
  skipSpecialTokens?: boolean;
}

/** A token to match in texts ahead of the model; see `Tokenizer.addTokens`. */
export type AddedTokenOptions = { content: string } & Partial<Omit<AddedTokenJson, 'id' | 'content'>>;

/** A tokenizer as `tokenizer.json` describes it: normalizer, pre-tokenizer, model, post-processor, decoder. */
export class Tokenizer {
  readonly #json: Omit<TokenizerJson, 'model' | 'added_tokens'>;
  readonly #model: Model;
  readonly #preTokenizer: PreTokenizer | null;
  readonly #decoder: Decoder | null;
  readonly #added = new Map<string, AddedTokenJson>();
  readonly #addedById = new Map<number, AddedTokenJson>();
  readonly #fast: ByteBpe | null;
  #specialIds: ReadonlySet<number> = new Set();
  #matcher = new AddedTokenMatcher([]);

  private constructor(json: TokenizerJson) {
    const { model, added_tokens, ...rest } = json;
    this.#json = rest;
    this.#model = new Bpe(model as BpeJson);
    this.#preTokenizer = json.pre_tokenizer && createPreTokenizer(json.pre_tokenizer);
    this.#decoder = json.decoder && createDecoder(json.decoder);
    const scanner = json.normalizer ? null : byteLevelScanner(json.pre_tokenizer);
    this.#fast = scanner && this.#model instanceof Bpe ? ByteBpe.create(this.#model, scanner) : null;
    this.#addAll(added_tokens ?? []);
  }

  /**
   * Reads a `tokenizer.json`, as text or parsed.
   * @throws where the file is not one, with the field, the value found and the value wanted
   */
  static fromJSON(json: string | TokenizerJson): Tokenizer {
    return new Tokenizer(typeof json === 'string' ? (JSON.parse(json) as TokenizerJson) : json);
  }

  /** The tokenizer as `tokenizer.json`; `JSON.stringify(tokenizer, null, 2)` writes the file. */
  toJSON(): TokenizerJson {
    const { version = '1.0', truncation = null, padding = null } = this.#json;
    const { normalizer, pre_tokenizer, post_processor, decoder } = this.#json;
    const added_tokens = [...this.#addedById.values()].sort((a, b) => a.id - b.id);
    const model = this.#model.toJSON();
    // The field order of the reference implementation, whatever the order was in the file.
    return {
      version,
      truncation,
      padding,
      added_tokens,
      normalizer,
      pre_tokenizer,
      post_processor,
      decoder,
      model,
    };
  }

  /** Number of ids, added tokens included: every id is smaller than the largest id + 1. */
  get vocabSize(): number {
    let size = this.#model.vocabulary.size;
    for (const token of this.#added.keys()) if (!this.#model.vocabulary.ids.has(token)) size++;
    return size;
  }

  /** The id of a token, or undefined. Tokens of byte-level models are in their byte alphabet (`Ġthe`). */
  tokenToId(token: string): number | undefined {
    return this.#added.get(token)?.id ?? this.#model.vocabulary.ids.get(token);
  }

  /** The token of an id, or undefined. */
  idToToken(id: number): string | undefined {
    return this.#addedById.get(id)?.content ?? this.#model.vocabulary.tokens[id];
  }

  /** The special tokens with their ids. */
  get specialTokens(): Record<string, number> {
    const special = [...this.#added.values()].filter((token) => token.special);
    return Object.fromEntries(special.map((token) => [token.content, token.id]));
  }

  /** Whether this id is a special token's. */
  isSpecial(id: number): boolean {
    return this.#specialIds.has(id);
  }

  /**
   * Adds tokens that are matched in texts ahead of the model; strings are ordinary added tokens. A content
   * that the vocabulary holds keeps its id, others get the next free ones.
   * @returns the ids
   */
  addTokens(tokens: Iterable<string | AddedTokenOptions>): number[] {
    const full = Array.from(tokens, (token) => {
      const options = typeof token === 'string' ? { content: token } : token;
      const { content, single_word = false, lstrip = false, rstrip = false, special = false } = options;
      const { normalized = !special } = options;
      return { content, single_word, lstrip, rstrip, normalized, special };
    });
    this.#addAll(full);
    return full.map((token) => this.#added.get(token.content)!.id);
  }

  /** Encodes a text with everything known about its tokens. */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const sequence = this.#encodeSequence(text, options);
    return new Encoding(sequence);
  }

  /** Encodes a text to ids alone: the fast way. */
  encodeIds(text: string, options: EncodeOptions = {}): number[] {
    if (!this.#fast) return this.encode(text, options).ids;
    const safe = wellFormed(text);
    const ids: number[] = [];
    for (const segment of this.#matcher.split(safe, this.#specialRule(options))) {
      if (segment.token) ids.push(segment.token.id);
      else this.#fast.encode(safe, segment.start, segment.end, ids);
    }
    return ids;
  }

  /** `encode` for many texts. */
  encodeBatch(texts: Iterable<string>, options: EncodeOptions = {}): Encoding[] {
    return Array.from(texts, (text) => this.encode(text, options));
  }

  /** `encodeIds` for many texts. */
  encodeIdsBatch(texts: Iterable<string>, options: EncodeOptions = {}): number[][] {
    return Array.from(texts, (text) => this.encodeIds(text, options));
  }

  /**
   * Turns ids back into text; malformed UTF-8 becomes U+FFFD.
   * @throws where an id is not in the vocabulary
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.#tokenForDecoding(id, options);
      if (token !== null) tokens.push(token);
    }
    return this.#decoder ? this.#decoder(tokens).join('') : tokens.join(' ');
  }

  /** `decode` for many sequences. */
  decodeBatch(sequences: Iterable<Iterable<number>>, options: DecodeOptions = {}): string[] {
    return Array.from(sequences, (ids) => this.decode(ids, options));
  }

  /** Decodes ids as they come, never emitting half a character. */
  decodeStream(options: DecodeOptions = {}): DecodeStream {
    if (this.#json.decoder?.type !== 'ByteLevel') {
      throw new Error(`decodeStream needs a ByteLevel decoder, found ${this.#json.decoder?.type ?? 'none'}`);
    }
    return new ByteLevelStream((id) => this.#tokenForDecoding(id, options));
  }

  #tokenForDecoding(id: number, { skipSpecialTokens = false }: DecodeOptions): string | null {
    if (skipSpecialTokens && this.#specialIds.has(id)) return null;
    const token = this.idToToken(id);
    if (token === undefined) {
      throw new Error(`decode: id ${id} is not in the vocabulary, whose ids end at ${this.vocabSize - 1}`);
    }
    return token;
  }

  #encodeSequence(text: string, options: EncodeOptions): EncodingColumns {
    const safe = wellFormed(text);
    const columns: EncodingColumns = emptyColumns();
    const tokenize: TokenizeOptions = { forbidden: this.#forbidden(options) };
    let word = 0;
    for (const { start, end, token } of this.#matcher.split(safe, this.#specialRule(options))) {
      if (token) {
        pushToken(columns, token.id, safe.slice(start, end), [start, end], word++);
        continue;
      }
      const segment = new AlignedText(safe.slice(start, end), start);
      const pieces = this.#preTokenizer ? this.#preTokenizer([segment]) : [segment];
      for (const piece of pieces) this.#tokenizePiece(piece, word++, columns, tokenize);
    }
    return columns;
  }

  #tokenizePiece(piece: AlignedText, word: number, columns: EncodingColumns, options: TokenizeOptions): void {
    const sink = new TokenSink();
    this.#model.tokenize(piece.text, sink, options);
    sink.ids.forEach((id, i) => {
      const offsets: Offsets = [piece.startAt(sink.starts[i]!), piece.endAt(sink.ends[i]! - 1)];
      pushToken(columns, id, sink.surfaces.get(i) ?? this.#model.vocabulary.tokens[id]!, offsets, word);
    });
  }

  #forbidden({ specialTokens = 'text' }: EncodeOptions): ReadonlySet<number> | undefined {
    return specialTokens === 'allow' ? undefined : this.#specialIds;
  }

  #specialRule({ specialTokens = 'text' }: EncodeOptions): SpecialTokenRule {
    if (specialTokens === 'allow') return () => 'match';
    if (specialTokens === 'text') return () => 'text';
    if (specialTokens !== 'refuse')
      return ({ content }) => (specialTokens.includes(content) ? 'match' : 'text');
    return ({ content }) => {
      throw new Error(
        `encode: the text holds the special token ${JSON.stringify(content)}; pass specialTokens: 'allow' to encode it as that token or 'text' to encode it as text`,
      );
    };
  }

  #addAll(tokens: (AddedTokenJson | Omit<AddedTokenJson, 'id'>)[]): void {
    for (const token of tokens) {
      if (token.content === '') continue;
      const given = 'id' in token ? token.id : undefined;
      const id = this.tokenToId(token.content) ?? given ?? this.#nextId();
      const { content, single_word, lstrip, rstrip, normalized, special } = token;
      const added = { id, content, single_word, lstrip, rstrip, normalized, special };
      this.#added.set(content, added);
      this.#addedById.set(id, added);
    }
    const all = [...this.#addedById.values()];
    this.#specialIds = new Set(all.filter((token) => token.special).map((token) => token.id));
    this.#matcher = new AddedTokenMatcher(all.map((token) => [token.content, token]));
  }

  #nextId(): number {
    let next = this.#model.vocabulary.tokens.length;
    for (const id of this.#addedById.keys()) next = Math.max(next, id + 1);
    return next;
  }
}

function emptyColumns(): EncodingColumns {
  return {
    ids: [],
    tokens: [],
    offsets: [],
    typeIds: [],
    wordIds: [],
    sequenceIds: [],
    specialTokensMask: [],
    attentionMask: [],
  };
}

function pushToken(
  columns: EncodingColumns,
  id: number,
  token: string,
  offsets: Offsets,
  word: number,
): void {
  columns.ids.push(id);
  columns.tokens.push(token);
  columns.offsets.push(offsets);
  columns.typeIds.push(0);
  columns.wordIds.push(word);
  columns.sequenceIds.push(0);
  columns.specialTokensMask.push(0);
  columns.attentionMask.push(1);
}
