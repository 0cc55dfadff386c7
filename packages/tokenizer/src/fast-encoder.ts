import type { AddedVocabulary } from './added-vocabulary.ts';
import type { SpecialTokens } from './encode-options.ts';
import { Encoding } from './encoding.ts';
import { addedColumns } from './encoding-ops.ts';
import { Bpe } from './models/bpe.ts';
import { ByteBpe } from './models/byte-bpe.ts';
import type { Model } from './models/model.ts';
import type { PostProcessor } from './post-processors/post-processor.ts';
import { byteLevelScanner } from './pre-tokenizers/fast-scanner.ts';
import { IdBuffer } from './text/id-buffer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

type StringNormalizer = (text: string) => string;

/** Encodes to ids without offsets, tokens or substrings, for the tokenizers that can do that. */
export class FastEncoder {
  readonly #normalize: StringNormalizer;
  readonly #model: ByteBpe;
  readonly #added: AddedVocabulary;
  readonly #before: number[];
  readonly #after: number[];
  readonly #out = new IdBuffer();

  private constructor(
    normalize: StringNormalizer,
    model: ByteBpe,
    added: AddedVocabulary,
    around: { before: number[]; after: number[] },
  ) {
    this.#normalize = normalize;
    this.#model = model;
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
    const normalize = stringNormalizer(json.normalizer?.type);
    const scanner = byteLevelScanner(json.pre_tokenizer ?? null);
    const around = tokensAround(postProcessor);
    if (!normalize || !scanner || !around || !(model instanceof Bpe)) return null;
    const fast = ByteBpe.create(model, scanner, (id) => added.specialIds.has(id));
    return fast && new FastEncoder(normalize, fast, added, around);
  }

  /** @param text well formed */
  encode(text: string, special: SpecialTokens, addSpecialTokens: boolean): number[] {
    const out = this.#out;
    out.count = 0;
    if (addSpecialTokens) for (const id of this.#before) out.push(id);
    this.#added.splitStrings(text, special, this.#normalize, (part, start, end, token) => {
      if (token) out.push(token.id);
      else this.#model.encode(end - start === part.length ? part : part.slice(start, end), out);
    });
    if (addSpecialTokens) for (const id of this.#after) out.push(id);
    return out.toArray();
  }
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
