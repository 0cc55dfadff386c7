import { jit, readInto } from '@attune/backend-onnx';
import type { CausalLM, KvCache } from '@attune/models';
import {
  add,
  concat,
  dispose,
  exp,
  gather,
  max,
  maximum,
  pad,
  range,
  reshape,
  scalar,
  sub,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { powerOfTwo } from './buckets.ts';

/** Keys and values of a running batch. The lengths of its rows are kept by the caller. */
export type CacheTensors = Pick<KvCache, 'keys' | 'values'>;

/** What follows the last token fed to each row. */
export interface Predictions {
  /** Row by row: `[batch * vocab]`. */
  logits: Float32Array;
  /** exp(logit − largest logit of the row), for sampling; absent where nobody has computed them. `[batch * vocab]`. */
  weights?: Float32Array;
}

/** What feeding tokens gives. */
export interface StepResult extends Predictions {
  /** Takes the place of the cache that went in. */
  cache: CacheTensors;
}

/** How a step is computed. */
export interface StepSettings {
  /** Predictions that nobody reads any more: the new ones may take their memory. */
  spent?: Predictions | undefined;
  /** In this thread, and not beside it. */
  synchronous?: boolean;
}

/** What a running batch needs of a decoder. */
export type Decoder = Pick<
  CachedDecoder,
  'vocabSize' | 'contextLength' | 'prefill' | 'step' | 'select' | 'release' | 'row'
>;

/** A bound on the stretch that is fed at once bounds memory and the number of compiled shapes. */
const WIDEST_FEED = 512;
/** Shortest padded stretch; narrower ones would cost a compilation each and save nothing. */
const NARROWEST_FEED = 16;

/**
 * A model as a decoder with a key-value cache, compiled once for each shape. Caches that go in are consumed.
 * The model's variables are read anew at each call, so training between calls needs no notice.
 */
export class CachedDecoder {
  readonly vocabSize: number;
  /** Most tokens of prompt and answer together. */
  readonly contextLength: number;
  private readonly model: CausalLM;
  private readonly widestFeed: number;
  private readonly feedCompiled;
  /** By capacity, a shape of the compiled function and so no argument of it. */
  private readonly selectCompiled = new Map<number, ReturnType<typeof compileSelect>>();

  /** @param widestFeed a power of two: longest stretch of a prompt that is fed at once; default 512 */
  constructor(model: CausalLM, widestFeed = WIDEST_FEED) {
    this.model = model;
    this.widestFeed = widestFeed;
    this.vocabSize = model.config.vocab_size;
    this.contextLength = model.config.max_position_embeddings;
    this.feedCompiled = jit((tokens: FedTokens, cache: CacheTensors) => feed(model, tokens, cache), {
      name: 'decode',
    });
  }

  /**
   * Feeds prompts to an empty cache, one row each.
   *
   * @param prompts of at least one token each
   * @returns the cache may have more rows than there are prompts, and holds little more than their tokens: `select`
   *   widens it
   */
  async prefill(prompts: readonly (readonly number[])[]): Promise<StepResult> {
    const batch = powerOfTwo(prompts.length);
    const longest = Math.max(...prompts.map((prompt) => prompt.length));
    const logits = new Float32Array(prompts.length * this.vocabSize);
    const weights = new Float32Array(logits.length);
    let cache = this.emptyCache(batch, Math.max(NARROWEST_FEED, powerOfTwo(longest)));
    for (let start = 0; start < longest; start += this.widestFeed) {
      const width = Math.max(NARROWEST_FEED, powerOfTwo(Math.min(this.widestFeed, longest - start)));
      const rows = prompts.map((prompt) => prompt.slice(start, start + width));
      const lengths = prompts.map((prompt) => Math.min(start, prompt.length));
      const result = await this.feed(cache, rows, lengths, { batch, width });
      cache = result.cache;
      rows.forEach((ids, row) => {
        if (ids.length === 0) return;
        logits.set(this.row(result.logits, row), row * this.vocabSize);
        weights.set(this.row(result.weights!, row), row * this.vocabSize);
      });
    }
    return { logits, weights, cache };
  }

  /**
   * Feeds one token to each row.
   *
   * @param tokens the next token of each row
   * @param lengths how many tokens of each row the cache holds; 0 for rows not in use
   */
  step(
    cache: CacheTensors,
    tokens: readonly number[],
    lengths: readonly number[],
    settings?: StepSettings,
  ): Promise<StepResult> {
    const rows = tokens.map((id) => [id]);
    return this.feed(cache, rows, lengths, { batch: tokens.length, width: 1 }, settings);
  }

  /**
   * A cache whose row i is row `rows[i]` of the given caches, counted through all of them.
   *
   * @param capacity of the new cache; at least that of each given one
   */
  async select(
    caches: readonly CacheTensors[],
    rows: readonly number[],
    capacity: number,
  ): Promise<CacheTensors> {
    const [first] = caches;
    const [batch, , held] = first!.keys[0]!.shape;
    const same = caches.length === 1 && held === capacity && batch === rows.length;
    if (same && rows.every((row, i) => row === i)) return first!;
    const compiled = this.selectCompiled.get(capacity) ?? compileSelect(capacity);
    this.selectCompiled.set(capacity, compiled);
    const index = tensor1d([...rows], 'int32');
    const selected = await compiled.runAsync([...caches], index);
    index.dispose();
    for (const cache of caches) this.release(cache);
    return selected;
  }

  /** Frees a cache that is no longer needed. */
  release(cache: CacheTensors): void {
    dispose([...cache.keys, ...cache.values]);
  }

  /** One row of logits or weights. */
  row(values: Float32Array, row: number): Float32Array {
    return values.subarray(row * this.vocabSize, (row + 1) * this.vocabSize);
  }

  private emptyCache(batch: number, capacity: number): CacheTensors {
    const { keys, values, lengths } = this.model.createCache(batch, capacity);
    lengths.dispose();
    return { keys, values };
  }

  private async feed(
    cache: CacheTensors,
    rows: readonly (readonly number[])[],
    lengths: readonly number[],
    { batch, width }: { batch: number; width: number },
    { spent, synchronous = false }: StepSettings = {},
  ): Promise<StepResult> {
    const ids = new Int32Array(batch * width);
    const counts = new Int32Array(batch);
    const held = new Int32Array(batch);
    rows.forEach((row, i) => {
      ids.set(row, i * width);
      counts[i] = row.length;
      held[i] = lengths[i]!;
    });
    const fed: FedTokens = {
      ids: tensor2d(ids, [batch, width], 'int32'),
      counts: tensor1d(counts, 'int32'),
      lengths: tensor1d(held, 'int32'),
    };
    const { predicted, ...next } = synchronous
      ? this.feedCompiled(fed, cache)
      : await this.feedCompiled.runAsync(fed, cache);
    const size = batch * this.vocabSize;
    const [logits, weights] = [spent?.logits, spent?.weights].map((old) =>
      old?.length === size ? old : new Float32Array(size),
    );
    await Promise.all([readInto(predicted[0]!, logits!), readInto(predicted[1]!, weights!)]);
    dispose([...predicted, fed.ids, fed.counts, fed.lengths]);
    this.release(cache);
    return { logits: logits!, weights: weights!, cache: next };
  }
}

/** New tokens of each row, padded on the right. */
interface FedTokens {
  /** int32 `[batch, width]`. */
  ids: Tensor2D;
  /** int32 `[batch]`: how many of them are not padding. */
  counts: Tensor1D;
  /** int32 `[batch]`: how many tokens of the row the cache holds. */
  lengths: Tensor1D;
}

function feed(model: CausalLM, { ids, counts, lengths }: FedTokens, cache: CacheTensors) {
  const { hidden, cache: next } = model.step({ inputIds: ids, counts, cache: { ...cache, lengths } });
  const [batch, width, d] = hidden.shape;
  const last = maximum(sub(counts, scalar(1, 'int32')), scalar(0, 'int32'));
  const index = add(range(0, batch * width, width, 'int32'), last) as Tensor1D;
  const logits = model.project(gather(reshape(hidden, [batch * width, d]), index) as Tensor2D);
  // Sampling needs them, and one at a time they would cost more than the model.
  const weights = exp(sub(logits, max(logits, -1, true)));
  return { predicted: [logits, weights], keys: next.keys, values: next.values };
}

function compileSelect(capacity: number) {
  return jit(
    (caches: CacheTensors[], rows: Tensor1D): CacheTensors => {
      const pick = (parts: Tensor4D[]) =>
        gather(
          concat(
            parts.map((part) => widen(part, capacity)),
            0,
          ),
          rows,
        );
      const layers = caches[0]!.keys.map((_, layer) => layer);
      return {
        keys: layers.map((layer) => pick(caches.map((cache) => cache.keys[layer]!))),
        values: layers.map((layer) => pick(caches.map((cache) => cache.values[layer]!))),
      };
    },
    { name: 'select rows' },
  );
}

function widen(cache: Tensor4D, capacity: number): Tensor4D {
  const missing = capacity - cache.shape[2];
  if (missing === 0) return cache;
  return pad(cache, [
    [0, 0],
    [0, 0],
    [0, missing],
    [0, 0],
  ]) as Tensor4D;
}

const decoders = new WeakMap<CausalLM, { lora: CausalLM['lora']; decoder: CachedDecoder }>();

/** The decoder of a model, made once: what it compiled serves all later calls. */
export function decoderOf(model: CausalLM): CachedDecoder {
  const known = decoders.get(model);
  // Applying or merging LoRA changes the computation, not only the weights.
  if (known && known.lora === model.lora) return known.decoder;
  const decoder = new CachedDecoder(model);
  decoders.set(model, { lora: model.lora, decoder });
  return decoder;
}
