import type { BpeConfig, BpeJson } from '../tokenizer-json.ts';
import { BpeMerger } from './bpe-merger.ts';
import type { Model, TokenizeOptions, TokenSink } from './model.ts';
import { packedBpe } from './packed-bpe.ts';
import { Vocabulary } from './vocabulary.ts';

const utf8 = new TextEncoder();

/**
 * Byte-pair encoding over characters, with the options of `tokenizer.json`: prefix of continuing subwords,
 * suffix of word ends (`</w>`), unknown token, byte fallback, whole words first (`ignore_merges`).
 * Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
 */
export class Bpe implements Model {
  readonly vocabulary: Vocabulary;
  /** Left, right, joined id of each merge, flattened, in the order of rank. */
  readonly mergeIds: Int32Array;
  #merger: BpeMerger | undefined;
  readonly #config: BpeConfig;
  #merges: [string, string][] | undefined;
  readonly #byteIds: (number | undefined)[] | null;

  /** @throws where a merge names a token that is not in the vocabulary */
  constructor(json: BpeJson) {
    const { vocab, merges, ...config } = json;
    this.#config = config;
    const packed = packedBpe(json);
    this.vocabulary = packed ? new Vocabulary(packed.bytes) : Vocabulary.fromJSON(vocab);
    if (!packed) this.#merges = readMerges(merges);
    this.mergeIds = packed?.mergeIds ?? this.#resolveMerges(this.#merges!);
    this.#byteIds = config.byte_fallback ? byteTokens(this.vocabulary) : null;
  }

  get merger(): BpeMerger {
    this.#merger ??= new BpeMerger(this.mergeIds);
    return this.#merger;
  }

  get config(): Readonly<BpeConfig> {
    return this.#config;
  }

  tokenize(piece: string, sink: TokenSink, options: TokenizeOptions = {}): void {
    const { random } = options;
    if (this.#config.ignore_merges && !random) {
      const whole = this.vocabulary.ids.get(piece);
      if (whole !== undefined && !options.forbidden?.has(whole)) {
        sink.push(whole, 0, piece.length);
        return;
      }
    }
    const { merger } = this;
    const symbols = this.#symbols(piece);
    merger.reserve(symbols.ids.length);
    merger.symbols.set(symbols.ids);
    merger.lengths.fill(1, 0, symbols.ids.length);
    const dropout = random ? this.#dropout(options.alpha) : 0;
    const count = random
      ? merger.mergeWithDropout(symbols.ids.length, () => random() < dropout)
      : merger.merge(symbols.ids.length);
    for (let i = 0, first = 0; i < count; i++) {
      const last = first + merger.lengths[i]! - 1;
      sink.push(merger.symbols[i]!, symbols.starts[first]!, symbols.ends[last]!);
      first = last + 1;
    }
  }

  /** The probability asked for, else that of the file, else 0.1. */
  #dropout(alpha = this.#config.dropout ?? 0.1): number {
    if (alpha >= 0 && alpha <= 1) return alpha;
    throw new Error(`sampling.alpha of a BPE model must be a probability from 0 to 1, found ${alpha}`);
  }

  toJSON(): BpeJson {
    return { type: 'BPE', ...this.#config, vocab: this.vocabulary.toJSON(), merges: this.#mergePairs() };
  }

  #mergePairs(): [string, string][] {
    const { mergeIds } = this;
    const { tokens } = this.vocabulary;
    this.#merges ??= Array.from({ length: mergeIds.length / 3 }, (_, rank) => [
      tokens[mergeIds[rank * 3]!]!,
      tokens[mergeIds[rank * 3 + 1]!]!,
    ]);
    return this.#merges;
  }

  /** The characters of the piece as vocabulary ids, before any merge. */
  #symbols(piece: string): { ids: number[]; starts: number[]; ends: number[] } {
    const { continuing_subword_prefix: prefix, end_of_word_suffix: suffix, fuse_unk } = this.#config;
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let unknownEnd = -1;
    let start = 0;
    for (const char of piece) {
      const end = start + char.length;
      let symbol = char;
      if (prefix && start > 0) symbol = prefix + symbol;
      if (suffix && end === piece.length) symbol += suffix;
      const id = this.vocabulary.ids.get(symbol);
      const bytes = id === undefined ? this.#fallback(symbol) : null;
      const unknown = id === undefined && !bytes ? this.#unknownId() : undefined;
      if (unknown !== undefined && fuse_unk && unknownEnd === start && start > 0) {
        ends[ends.length - 1] = end;
        unknownEnd = end;
      } else {
        for (const each of bytes ?? [id ?? unknown]) {
          if (each === undefined) continue;
          ids.push(each);
          starts.push(start);
          ends.push(end);
        }
        if (unknown !== undefined) unknownEnd = end;
      }
      start = end;
    }
    return { ids, starts, ends };
  }

  #fallback(symbol: string): number[] | null {
    if (!this.#byteIds) return null;
    const ids = Array.from(utf8.encode(symbol), (byte) => this.#byteIds![byte]);
    return ids.includes(undefined) ? null : (ids as number[]);
  }

  #unknownId(): number | undefined {
    const token = this.#config.unk_token;
    if (token === undefined || token === null) return undefined;
    const id = this.vocabulary.ids.get(token);
    if (id === undefined) {
      throw new Error(
        `tokenizer.json: model.unk_token ${JSON.stringify(token)} is not in model.vocab; add it`,
      );
    }
    return id;
  }

  #resolveMerges(merges: [string, string][]): Int32Array {
    const { ids } = this.vocabulary;
    const prefix = this.#config.continuing_subword_prefix ?? '';
    const resolved = new Int32Array(merges.length * 3);
    merges.forEach(([left, right], rank) => {
      const joined = left + right.slice(prefix.length);
      [left, right, joined].forEach((token, part) => {
        const id = ids.get(token);
        if (id === undefined) {
          throw new Error(
            `tokenizer.json: model.merges[${rank}] needs token ${JSON.stringify(token)}, which is not in model.vocab`,
          );
        }
        resolved[rank * 3 + part] = id;
      });
    });
    return resolved;
  }
}

/** The ids of `<0x00>` to `<0xFF>`, where the vocabulary has them. */
export function byteTokens(vocabulary: Vocabulary): (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) =>
    vocabulary.ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
}

function readMerges(merges: unknown): [string, string][] {
  if (!Array.isArray(merges)) {
    throw new Error(`tokenizer.json: model.merges must be an array, found ${typeof merges}`);
  }
  return merges.map((merge, rank) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((part) => typeof part !== 'string')) {
      throw new Error(
        `tokenizer.json: model.merges[${rank}] must be "left right" or ["left", "right"], found ${JSON.stringify(merge)}`,
      );
    }
    return pair as [string, string];
  });
}
