import { AddedVocabulary } from './added-vocabulary.ts';
import { createDecodeStream, type DecodeStream } from './decode-stream.ts';
import { ByteLevelDecoder } from './decoders/byte-level-decoder.ts';
import { createDecoder, type Decoder } from './decoders/decoder.ts';
import { type EncodeOptions, resolvePadding, resolveTruncation } from './encode-options.ts';
import { createEncodeStream, type EncodeStream } from './encode-stream.ts';
import { Encoding, type EncodingColumns } from './encoding.ts';
import { concatenate, emptyColumns, pad, truncateSequences } from './encoding-ops.ts';
import { FastEncoder, tokensAround } from './fast-encoder.ts';
import { createModel } from './models/create-model.ts';
import { type Model, type TokenizeOptions, TokenSink } from './models/model.ts';
import { readPackedBpe } from './models/packed-bpe.ts';
import { bestCombinations, type Segmentation } from './models/segmentation.ts';
import { Unigram } from './models/unigram.ts';
import { MAX_ID } from './models/vocabulary.ts';
import { createNormalizer } from './normalizers/normalizer.ts';
import { createPostProcessor, type PostProcessor } from './post-processors/post-processor.ts';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers/pre-tokenizer.ts';
import { seededRandom } from './seeded-random.ts';
import type { AlignedText } from './text/aligned-text.ts';
import { requireText, wellFormed } from './text/well-formed.ts';
import type { AddedTokenJson, TokenizerJson } from './tokenizer-json.ts';

/** What `decode` makes of ids. */
export interface DecodeOptions {
  /** Leave special tokens out. Default false. */
  skipSpecialTokens?: boolean;
}

/** A token to match in texts ahead of the model; see `Tokenizer.addTokens`. */
export type AddedTokenOptions = { content: string } & Partial<Omit<AddedTokenJson, 'id' | 'content'>>;

/** A tokenizer as `tokenizer.json` describes it: normalizer, pre-tokenizer, model, post-processor, decoder. */
export class Tokenizer {
  /** The model: its pieces, scores, merges. */
  readonly model: Model;
  readonly #json: Omit<TokenizerJson, 'model' | 'added_tokens'>;
  readonly #preTokenizer: PreTokenizer | null;
  readonly #postProcessor: PostProcessor | null;
  readonly #decoder: Decoder | null;
  readonly #added: AddedVocabulary;
  readonly #fast: FastEncoder | null;
  readonly #byteLevel: ByteLevelDecoder | null;

  private constructor(json: TokenizerJson) {
    const { model, added_tokens, ...rest } = json;
    this.#json = rest;
    this.model = createModel(model);
    this.#preTokenizer = json.pre_tokenizer && createPreTokenizer(json.pre_tokenizer);
    this.#postProcessor = json.post_processor && createPostProcessor(json.post_processor);
    this.#decoder = json.decoder && createDecoder(json.decoder);
    this.#added = new AddedVocabulary(
      this.model.vocabulary,
      json.normalizer && createNormalizer(json.normalizer),
    );
    this.#added.add(added_tokens ?? []);
    this.#fast = FastEncoder.create(json, this.model, this.#added, this.#postProcessor);
    this.#byteLevel =
      json.decoder?.type === 'ByteLevel'
        ? new ByteLevelDecoder(
            () => this.model.vocabulary.bytes(),
            (id) => this.#tokenForDecoding(id, {})!,
            () => this.#added.all().map(({ id }) => id),
            this.#fast?.wasm,
          )
        : null;
  }

  /**
   * Reads a `tokenizer.json`, as text or parsed.
   * @throws where the file is not one, with the field, the value found and the value wanted
   */
  static fromJSON(json: string | TokenizerJson): Tokenizer {
    const parsed: unknown = typeof json === 'string' ? (readPackedBpe(json) ?? JSON.parse(json)) : json;
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || !('model' in parsed)) {
      throw new Error('tokenizer.json: must be an object with a "model"; is this another file?');
    }
    checkAddedTokens((parsed as TokenizerJson).added_tokens);
    return new Tokenizer(parsed as TokenizerJson);
  }

  /** The tokenizer as `tokenizer.json`; `JSON.stringify(tokenizer, null, 2)` writes the file. */
  toJSON(): TokenizerJson {
    const { version = '1.0', truncation = null, padding = null } = this.#json;
    const { normalizer = null, pre_tokenizer = null, post_processor = null, decoder = null } = this.#json;
    const added_tokens = this.#added.all();
    const model = this.model.toJSON();
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

  /** Number of tokens, added tokens included. */
  get vocabSize(): number {
    const { ids, size } = this.model.vocabulary;
    return size + this.#added.all().filter((token) => !ids.has(token.content)).length;
  }

  /** The id of a token, or undefined. Tokens of byte-level models are in their byte alphabet (`Ġthe`). */
  tokenToId(token: string): number | undefined {
    return this.#added.get(token)?.id ?? this.model.vocabulary.idOf(token);
  }

  /** The token of an id, or undefined. */
  idToToken(id: number): string | undefined {
    return this.#added.byId(id)?.content ?? this.model.vocabulary.tokens[id];
  }

  /** The special tokens with their ids. */
  get specialTokens(): Record<string, number> {
    const special = this.#added.all().filter((token) => token.special);
    return Object.fromEntries(special.map((token) => [token.content, token.id]));
  }

  /** Whether this id is a special token's. */
  isSpecial(id: number): boolean {
    return this.#added.specialIds.has(id);
  }

  /**
   * Adds tokens that are matched in texts ahead of the model; strings are ordinary added tokens. A content
   * that the vocabulary holds keeps its id, others get the next free ones.
   * @returns the ids
   * @throws where a token is empty
   */
  addTokens(tokens: Iterable<string | AddedTokenOptions>): number[] {
    const full = Array.from(tokens, (token) => {
      const options = typeof token === 'string' ? { content: token } : token;
      if (typeof options.content !== 'string' || options.content === '') {
        throw new Error(
          `addTokens: a token must be a string of at least one character, found ${JSON.stringify(options.content ?? token)}`,
        );
      }
      const { content, single_word = false, lstrip = false, rstrip = false, special = false } = options;
      const { normalized = !special } = options;
      return { content, single_word, lstrip, rstrip, normalized, special };
    });
    this.#added.add(full);
    this.#byteLevel?.clear();
    return full.map((token) => this.#added.get(token.content)!.id);
  }

  /** Encodes a text, or a pair, with everything known about its tokens. */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    return this.encodeBatch([requireText(text)], options)[0]!;
  }

  /** Encodes a text to ids alone: the fast way. */
  encodeIds(text: string, options: EncodeOptions = {}): number[] {
    const simple = options.pair === undefined && !options.truncation && !options.padding && !options.sampling;
    if (!this.#fast || !simple) return this.encode(text, options).ids;
    requireText(text);
    const { specialTokens = 'text', addSpecialTokens = true } = options;
    return this.#fast.encode(text, specialTokens, addSpecialTokens) ?? this.encode(text, options).ids;
  }

  /**
   * The `count` best segmentations of a text with their log-probabilities, best first, without the tokens that
   * a post-processor adds. Unigram models only.
   */
  nBest(
    text: string,
    count: number,
    { specialTokens = 'text' }: Pick<EncodeOptions, 'specialTokens'> = {},
  ): Segmentation[] {
    const { model } = this;
    if (!(model instanceof Unigram))
      throw new Error('nBest needs a Unigram model; BPE and others have one segmentation');
    const forbidden = specialTokens === 'allow' ? undefined : this.#added.specialIds;
    const pieces: Segmentation[][] = [];
    for (const segment of this.#added.split(wellFormed(text), specialTokens)) {
      if (segment.token) {
        pieces.push([{ ids: [segment.token.id], tokens: [segment.text.text], score: 0 }]);
        continue;
      }
      for (const piece of this.#preTokenizer ? this.#preTokenizer([segment.text]) : [segment.text]) {
        if (piece.length > 0) pieces.push(model.nBest(piece.text, count, forbidden));
      }
    }
    return bestCombinations(pieces, count);
  }

  /** `encode` for many texts, or `[text, pair]`s. Padding makes them equally long. */
  encodeBatch(texts: Iterable<string | [string, string]>, options: EncodeOptions = {}): Encoding[] {
    const encodings = Array.from(texts, (each) => {
      const [text, pair] = Array.isArray(each) ? each : [requireText(each), options.pair];
      return this.#encodeOne(text, pair, options);
    });
    const padding = resolvePadding(options.padding, this.#json.padding ?? null, (token) =>
      this.tokenToId(token),
    );
    if (padding) pad(encodings, padding);
    return encodings;
  }

  /** `encodeIds` for many texts. */
  encodeIdsBatch(texts: Iterable<string>, options: EncodeOptions = {}): number[][] {
    if (options.padding) return this.encodeBatch(texts, options).map((encoding) => encoding.ids);
    return Array.from(texts, (text) => this.encodeIds(text, options));
  }

  /**
   * Encodes text that arrives in pieces, such as a file or a request that is being read.
   * @throws where the post-processor repeats the text or leaves it out
   */
  encodeStream(options: Pick<EncodeOptions, 'specialTokens' | 'addSpecialTokens'> = {}): EncodeStream {
    const { specialTokens = 'text', addSpecialTokens = true } = options;
    const around = addSpecialTokens ? tokensAround(this.#postProcessor) : { before: [], after: [] };
    if (!around)
      throw new Error('encodeStream: the post-processor does not put the text once; use encodeIds');
    return createEncodeStream({
      json: this.#json,
      added: this.#added.all(),
      special: specialTokens,
      encode: (text) => this.encodeIds(text, { specialTokens, addSpecialTokens: false }),
      ...around,
    });
  }

  /**
   * Turns ids back into text; malformed UTF-8 becomes U+FFFD.
   * @throws where an id is not in the vocabulary
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    if (this.#byteLevel) {
      return this.#byteLevel.decode(ids, options.skipSpecialTokens ? this.#added.specialIds : null);
    }
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
    return createDecodeStream(this.#json.decoder ?? null, this.#decoder, (id) =>
      this.#tokenForDecoding(id, options),
    );
  }

  #tokenForDecoding(id: number, { skipSpecialTokens = false }: DecodeOptions): string | null {
    if (skipSpecialTokens && this.#added.specialIds.has(id)) return null;
    const token = this.#added.decodingForm(id) ?? this.model.vocabulary.tokens[id];
    if (token === undefined) {
      throw new Error(`decode: id ${id} is not in the vocabulary of ${this.vocabSize} tokens`);
    }
    return token;
  }

  #encodeOne(text: string, pair: string | undefined, options: EncodeOptions): Encoding {
    const { addSpecialTokens = true } = options;
    let sequences = (pair === undefined ? [text] : [text, pair]).map(
      (each, i) => new Encoding(this.#encodeSequence(each, i, options)),
    );
    const truncation = resolveTruncation(options.truncation, this.#json.truncation ?? null);
    if (truncation) {
      const added = addSpecialTokens ? (this.#postProcessor?.added(pair !== undefined) ?? 0) : 0;
      sequences = truncateSequences(sequences, truncation, added);
    }
    if (this.#postProcessor) sequences = this.#postProcessor.process(sequences, addSpecialTokens);
    return sequences.length === 1 ? sequences[0]! : concatenate(sequences);
  }

  #encodeSequence(text: string, sequence: number, options: EncodeOptions): EncodingColumns {
    const { specialTokens = 'text', sampling } = options;
    const columns = emptyColumns();
    const tokenize: TokenizeOptions = {
      forbidden: specialTokens === 'allow' ? undefined : this.#added.specialIds,
      random: sampling && seededRandom(sampling.seed ?? 0),
      alpha: sampling?.alpha,
    };
    let word = 0;
    for (const segment of this.#added.split(wellFormed(text), specialTokens)) {
      if (segment.token) {
        const sink = new TokenSink();
        sink.push(segment.token.id, 0, segment.text.length, segment.text.text);
        this.#collect(segment.text, sink, word++, sequence, columns);
        continue;
      }
      const pieces = this.#preTokenizer ? this.#preTokenizer([segment.text]) : [segment.text];
      for (const piece of pieces) {
        if (piece.length === 0) continue;
        const sink = new TokenSink();
        this.model.tokenize(piece.text, sink, tokenize);
        this.#collect(piece, sink, word++, sequence, columns);
      }
    }
    return columns;
  }

  #collect(
    piece: AlignedText,
    sink: TokenSink,
    word: number,
    sequence: number,
    columns: EncodingColumns,
  ): void {
    sink.ids.forEach((id, i) => {
      columns.ids.push(id);
      columns.tokens.push(sink.surfaces.get(i) ?? this.model.vocabulary.tokens[id]!);
      columns.offsets.push([piece.startAt(sink.starts[i]!), piece.endAt(sink.ends[i]! - 1)]);
      columns.typeIds.push(sequence);
      columns.wordIds.push(word);
      columns.sequenceIds.push(sequence);
      columns.specialTokensMask.push(0);
      columns.attentionMask.push(1);
    });
  }
}

function checkAddedTokens(tokens: unknown): void {
  if (tokens === undefined || tokens === null) return;
  if (!Array.isArray(tokens)) {
    throw new Error(`tokenizer.json: added_tokens must be an array, found ${typeof tokens}`);
  }
  tokens.forEach((token: AddedTokenJson | null, i) => {
    const isValid = typeof token?.content === 'string' && Number.isInteger(token.id) && token.id >= 0;
    if (isValid && token.id <= MAX_ID) return;
    const found = JSON.stringify(token)?.slice(0, 60);
    throw new Error(
      `tokenizer.json: added_tokens[${i}] must have content and an id from 0 to ${MAX_ID}, found ${found}`,
    );
  });
}
