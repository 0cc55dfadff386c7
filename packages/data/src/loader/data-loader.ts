import type { StreamState } from '../dataset/cursor.ts';
import type { DataStream } from '../dataset/stream.ts';
import { Dataset } from '../dataset.ts';
import {
  type BatchPlan,
  type BatchSampler,
  datasetPlan,
  type LastBatch,
  type PlannedBatch,
  samplerPlan,
  streamPlan,
} from './batch-plan.ts';
import { WorkerPool, type WorkerSpec } from './worker-pool.ts';

/** How batches are made. */
export interface DataLoaderOptions<T, B> {
  /** Samples, or a function that gives each epoch's stream (to shuffle it by the epoch). */
  data: Dataset<T> | DataStream<T> | ((epoch: number) => DataStream<T>);
  /** Samples that this rank gets in a step. Needed unless there is a sampler. */
  batchSize?: number;
  /** Chooses the rows of each batch of a dataset, e.g. by length; it knows ranks, seed and epochs itself. */
  sampler?: BatchSampler;
  /** This process among those that train together, and how many there are. Default: 0 of 1. */
  rank?: number;
  ranks?: number;
  /** A dataset in a new order each epoch. Default true; a stream shuffles itself. */
  shuffle?: boolean;
  /** Default 0. */
  seed?: number;
  /** Passes over the data. Default: endless. */
  epochs?: number;
  /**
   * When the last batch is not full: `fill` it up with samples of the next epoch (default), `keep` it smaller, or
   * `drop` it. Epochs before the last always run on into the next.
   */
  last?: LastBatch;
  /** Makes a batch of samples, here. Default: the samples as they are. */
  collate?: (samples: T[]) => B | Promise<B>;
  /** Makes batches in worker threads instead. The order is the same whatever their number. */
  workers?: WorkerSpec;
  /** Batches that are made ahead of time. Default 2, or 2 a worker. */
  prefetch?: number;
}

/** Where a loader stands: small JSON, the same on every rank. */
export interface LoaderState {
  /** Fingerprint of the data, where there is one, and what else decides the order. */
  data: string | null;
  length: number | null;
  seed: number;
  shuffle: boolean;
  /** Null at the beginning. */
  at: StreamState;
}

/**
 * Batches in an order that is exact: it depends on the seed alone, not on workers or prefetching; `state()` is a few
 * numbers, continuing from it costs nothing, and gives the batches of the uninterrupted run bit for bit. All ranks
 * together take each sample once an epoch, also when a state is continued by another number of ranks.
 *
 * ```ts
 * const loader = new DataLoader({ data: await loadDataset('train.jsonl'), batchSize: 8, rank, ranks });
 * for await (const rows of loader) save(loader.state());
 * ```
 */
export class DataLoader<T, B = T[]> implements AsyncIterable<B> {
  readonly #options: DataLoaderOptions<T, B>;
  readonly #plan: BatchPlan<unknown>;
  readonly #identity: Omit<LoaderState, 'at'>;
  readonly #prefetch: number;
  readonly #pool: WorkerPool | undefined;
  #at: StreamState = null;
  #walk: AsyncGenerator<PlannedBatch<unknown>, void> | undefined;
  #queue: { batch: Promise<B>; state: StreamState }[] = [];
  #planned = 0;
  #ended = false;

  /** @throws when there are more ranks than samples, no samples, or an option is out of range */
  constructor(options: DataLoaderOptions<T, B>) {
    const { data, sampler, rank = 0, ranks = 1, seed = 0, epochs = Infinity, last = 'fill' } = options;
    const batchSize = options.batchSize ?? (sampler ? 1 : 0);
    requireCount('batchSize', batchSize);
    requireCount('ranks', ranks);
    if (epochs !== Infinity) requireCount('epochs', epochs);
    if (!(Number.isInteger(rank) && rank >= 0 && rank < ranks))
      throw new Error(`data loader: rank must be an integer in [0, ${ranks}), found ${rank}`);
    if (options.workers && options.collate)
      throw new Error('data loader: batches are made by collate or by workers, found both');
    const isDataset = data instanceof Dataset;
    if (isDataset && data.length < ranks)
      throw new Error(`data loader: ${data.length} samples are too few for ${ranks} ranks`);
    if (sampler && !isDataset) throw new Error('data loader: a sampler needs a dataset, found a stream');
    const shuffle = isDataset && !sampler && (options.shuffle ?? true);
    const planOptions = { batchSize, rank, ranks, shuffle, seed, epochs, last };
    const open = typeof data === 'function' ? data : () => data as DataStream<T>;
    this.#options = options;
    if (sampler) this.#plan = samplerPlan(sampler);
    else this.#plan = isDataset ? datasetPlan(data, planOptions) : streamPlan(open, planOptions);
    this.#identity = {
      data: (typeof data === 'function' ? data(0) : data).fingerprint ?? null,
      length: isDataset ? data.length : null,
      seed,
      shuffle,
    };
    this.#prefetch = Math.max(0, options.prefetch ?? 2 * (options.workers?.count ?? 1));
    this.#pool = options.workers && new WorkerPool(options.workers);
  }

  /** Where the loader stands: after the last batch that `next` gave, whatever was made ahead. */
  state(): LoaderState {
    return { ...this.#identity, at: this.#at };
  }

  /**
   * Continues where a state was taken, by any loader over the same data. Batch size, ranks and workers may differ.
   * @throws when the data, the seed or the shuffling differs: the order would not be the one interrupted
   */
  restore(state: LoaderState): void {
    const names = { data: 'the data have changed: their fingerprint', length: 'the number of samples' };
    for (const key of ['data', 'length', 'seed', 'shuffle'] as const) {
      if (this.#identity[key] !== state[key]) {
        const name = key in names ? names[key as keyof typeof names] : key;
        throw new Error(
          `data loader: cannot continue, ${name} was ${state[key]} and is now ${this.#identity[key]}`,
        );
      }
    }
    this.#reset(state.at);
  }

  /**
   * The next batch.
   * @throws what making it threw; the state is still that before the batch, and `next` makes it again
   */
  async next(): Promise<IteratorResult<B, undefined>> {
    const before = this.#at;
    try {
      await this.#fill();
      const entry = this.#queue.shift();
      if (!entry) return { done: true, value: undefined };
      const value = await entry.batch;
      this.#at = entry.state;
      return { done: false, value };
    } catch (error) {
      this.#reset(before);
      throw error;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<B, undefined> {
    // Leaving a loop early ends nothing: another goes on after the last batch given.
    return { next: () => this.next() };
  }

  /** Ends the workers and gives back what the walk holds. */
  async close(): Promise<void> {
    this.#reset(this.#at);
    await this.#pool?.close();
  }

  #reset(at: StreamState): void {
    this.#at = at;
    void this.#walk?.return();
    this.#walk = undefined;
    for (const { batch } of this.#queue) batch.catch(() => {});
    this.#queue = [];
    this.#ended = false;
  }

  /** Starts making batches until enough are on their way. */
  async #fill(): Promise<void> {
    this.#walk ??= this.#plan.start(this.#at ?? undefined);
    while (!this.#ended && this.#queue.length <= this.#prefetch) {
      const entry = await this.#planNext();
      if (!entry) break;
      // It may fail before its turn comes.
      entry.batch.catch(() => {});
      this.#queue.push(entry);
    }
  }

  async #planNext(): Promise<{ batch: Promise<B>; state: StreamState } | undefined> {
    try {
      const { done, value } = await this.#walk!.next();
      if (!done) return { batch: this.#make(value.keys), state: value.state };
      this.#ended = true;
      return undefined;
    } catch (error) {
      // Told when its turn comes, after the batches before it.
      this.#ended = true;
      return { batch: Promise.reject(error), state: this.#at };
    }
  }

  async #make(keys: unknown[]): Promise<B> {
    const { data, collate } = this.#options;
    const name = `batch ${this.#planned++}${data instanceof Dataset ? ` (rows ${keys.slice(0, 8).join(', ')}${keys.length > 8 ? ', …' : ''})` : ''}`;
    if (this.#pool) return (await this.#pool.run(keys, name)) as B;
    const samples = data instanceof Dataset ? keys.map((key) => data.at(key as number)) : (keys as T[]);
    return collate ? await collate(samples) : (samples as B);
  }
}

function requireCount(name: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0))
    throw new Error(`data loader: ${name} must be an integer > 0, found ${value}`);
}
