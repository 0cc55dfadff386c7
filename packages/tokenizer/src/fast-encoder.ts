import type { AddedVocabulary } from './added-vocabulary.ts';
import type { SpecialTokens } from './encode-options.ts';
import { Encoding } from './encoding.ts';
import { addedColumns } from './encoding-ops.ts';
import { Bpe } from './models/bpe.ts';
import { FastByteBpe } from './models/fast-byte-bpe.ts';
import { FastUnigram } from './models/fast-unigram.ts';
import { FastWordPiece } from './models/fast-word-piece.ts';
import type { Model } from './models/model.ts';
import { Unigram } from './models/unigram.ts';
import type { WasmByteBpe } from './models/wasm-byte-bpe.ts';
import { WordPiece } from './models/word-piece.ts';
import type { PostProcessor } from './post-processors/post-processor.ts';
import { byteLevelScanner } from './pre-tokenizers/fast-scanner.ts';
import { IdBuffer } from './text/id-buffer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

type StringNormalizer = (text: string) => string;

/** Appends the ids of a text; returns false where only the slow way can say what is wrong with it. */
interface FastModel {
  encode(text: string, out: IdBuffer): boolean;
}

/** Encodes to ids without offsets, tokens or substrings, for the tokenizers that can do that. */
export class FastEncoder {
  readonly #normalize: StringNormalizer;
  readonly #modelFor: (special: SpecialTokens) => FastModel | null;
  readonly #added: AddedVocabulary;
  readonly #before: number[];
  readonly #after: number[];
  readonly #out = new IdBuffer();
  /** Byte-level BPE in WebAssembly, which can also decode. */
  wasm: WasmByteBpe | null = null;

  private constructor(
    normalize: StringNormalizer,
    modelFor: (special: SpecialTokens) => FastModel | null,
    added: AddedVocabulary,
    around: { before: number[]; after: number[] },
  ) {
    this.#normalize = normalize;
    this.#modelFor = modelFor;
    this.#added = added;
    this.#before = around.before;
    this.#after = around.after;
  }

  /** The fast twin of a tokenizer, or null where its components rule it out. */
  static create(
    json: TokenizerJson,
    model: Model,
    added: AddedVocabulary,
    postProcessor: PostProcessor | null,
  ): FastEncoder | null {
    const around = tokensAround(postProcessor);
    if (!around) return null;
    if (model instanceof Bpe) {
      const normalize = stringNormalizer(json.normalizer?.type);
      const scanner = byteLevelScanner(json.pre_tokenizer ?? null);
      if (!normalize || !scanner) return null;
      const fast = FastByteBpe.create(model, scanner, (id) => added.specialIds.has(id));
      if (!fast) return null;
      const encoder = new FastEncoder(normalize, () => fast, added, around);
      encoder.wasm = fast.wasm;
      return encoder;
    }
    const create = (forbidden: ReadonlySet<number>): FastModel | null => {
      // These normalize by themselves, which must then not be asked for where tokens are looked for.
      if (added.all().some((token) => token.normalized)) return null;
      if (model instanceof Unigram) return FastUnigram.create(json, model, forbidden);
      return model instanceof WordPiece ? FastWordPiece.create(json, model, forbidden) : null;
    };
    const isSuited = model instanceof Unigram || model instanceof WordPiece;
    return isSuited ? new FastEncoder((text) => text, lazily(added, create), added, around) : null;
  }

  /** The ids of a text, or null where only the slow way can encode it or say what is wrong. */
  encode(text: string, special: SpecialTokens, addSpecialTokens: boolean): number[] | null {
    const model = this.#modelFor(special);
    if (!model) return null;
    const out = this.#out;
    out.count = 0;
    let isDone = true;
    if (addSpecialTokens) for (const id of this.#before) out.push(id);
    this.#added.splitStrings(text, special, this.#normalize, (part, start, end, token) => {
      if (token) out.push(token.id);
      else isDone &&= model.encode(end - start === part.length ? part : part.slice(start, end), out);
    });
    if (addSpecialTokens) for (const id of this.#after) out.push(id);
    return isDone ? out.toArray() : null;
  }
}

/** Models for texts in which special tokens are forbidden or allowed, made when first needed and tokens change. */
function lazily(
  added: AddedVocabulary,
  create: (forbidden: ReadonlySet<number>) => FastModel | null,
): (special: SpecialTokens) => FastModel | null {
  const none: ReadonlySet<number> = new Set();
  const made = new Map<boolean, { specialIds: ReadonlySet<number>; model: FastModel | null }>();
  return (special) => {
    const allows = special === 'allow';
    let known = made.get(allows);
    if (known?.specialIds !== added.specialIds) {
      known = { specialIds: added.specialIds, model: create(allows ? none : added.specialIds) };
      made.set(allows, known);
    }
    return known!.model;
  };
}

function stringNormalizer(type: string | undefined): StringNormalizer | null {
  if (type === undefined) return (text) => text;
  if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(type)) return null;
  return (text) => text.normalize(type);
}

/** What a post-processor puts before and after a sequence; null where the sequence does not occur once. */
export function tokensAround(processor: PostProcessor | null): { before: number[]; after: number[] } | null {
  if (!processor) return { before: [], after: [] };
  const marker = -1;
  const sequence = new Encoding(addedColumns([marker], ['marker'], 0));
  const ids = processor.process([sequence], true).flatMap((encoding) => encoding.ids);
  const at = ids.indexOf(marker);
  if (at < 0 || ids.lastIndexOf(marker) !== at) return null;
  return { before: ids.slice(0, at), after: ids.slice(at + 1) };
}
