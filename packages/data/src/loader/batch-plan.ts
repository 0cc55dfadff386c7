import type { StreamState } from '../dataset/cursor.ts';
import type { DataStream } from '../dataset/stream.ts';
import type { Walker } from '../dataset/walker.ts';
import type { Dataset } from '../dataset.ts';
import { permutation } from '../permutation.ts';

/** What becomes of the samples that are left when an epoch's last batch is not full. */
export type LastBatch = 'fill' | 'keep' | 'drop';

/** How samples are shared out. */
export interface PlanOptions {
  /** Samples a rank gets in a step. */
  batchSize: number;
  /** This process among those that train together, from 0. */
  rank: number;
  ranks: number;
  shuffle: boolean;
  seed: number;
  /** Passes over the data; `Infinity` never ends. */
  epochs: number;
  last: LastBatch;
}

/** What one rank is given in one step. */
export interface PlannedBatch<K> {
  keys: K[];
  /** From which the plan continues after this batch; the same on every rank. */
  state: StreamState;
}

/** Shares samples out to the ranks, step by step. */
export interface BatchPlan<K> {
  /** @param state where to begin; default: the beginning */
  start(state?: StreamState): AsyncGenerator<PlannedBatch<K>, void>;
}

/**
 * Batches over a dataset. All ranks walk one endless order of samples, the epochs' permutations one after the other;
 * a step takes the next `batchSize · ranks` of them and each rank its part. The state is the number of samples taken:
 * other ranks, or other numbers of them, continue at the same sample.
 */
export function datasetPlan(dataset: Dataset<unknown>, options: PlanOptions): BatchPlan<number> {
  const { length } = dataset;
  const { batchSize, rank, ranks, shuffle, seed, epochs, last } = options;
  let current: { epoch: number; order: (position: number) => number } | undefined;
  const indexAt = (position: number) => {
    const epoch = Math.floor(position / length);
    const within = position - epoch * length;
    if (!shuffle) return within;
    if (current?.epoch !== epoch) current = { epoch, order: permutation(length, seed, epoch) };
    return current.order(within);
  };
  return {
    async *start(state) {
      const end = epochs * length;
      let taken = (state as number | undefined) ?? 0;
      while (taken < end) {
        const left = end - taken;
        const full = left >= batchSize * ranks;
        if (!full && last === 'drop') return;
        const count = full || last === 'fill' ? batchSize * ranks : left;
        const [from, to] = share(count, rank, ranks);
        const keys = Array.from({ length: to - from }, (_, i) => indexAt(taken + from + i));
        taken += count;
        yield { keys, state: taken };
      }
    },
  };
}

/** Which of `count` samples a rank gets: as even a part as can be. @throws when a rank would get none */
function share(count: number, rank: number, ranks: number): [from: number, to: number] {
  if (count < ranks)
    throw new Error(
      `data loader: the last batch has ${count} samples for ${ranks} ranks, so some would get none; choose last: 'fill' or 'drop'`,
    );
  return [Math.floor((count * rank) / ranks), Math.floor((count * (rank + 1)) / ranks)];
}

interface StreamPlanState {
  [key: string]: StreamState;
  epoch: number;
  at: StreamState;
}

/**
 * Batches over streams: every rank walks the whole stream and keeps its part of each step, so the state is that of the
 * stream, the same on every rank.
 *
 * @param open the stream of an epoch
 */
export function streamPlan<T>(open: (epoch: number) => DataStream<T>, options: PlanOptions): BatchPlan<T> {
  const { batchSize, rank, ranks, epochs, last } = options;
  return {
    async *start(state) {
      let { epoch, at } = (state as StreamPlanState | undefined) ?? { epoch: 0, at: undefined };
      let walk: Walker<T> | undefined = epoch < epochs ? open(epoch).walk(at) : undefined;
      let given = at !== undefined;
      while (walk) {
        const items = await walk.take(batchSize * ranks);
        // The next epochs fill the batch up; after the last one as well, where that is asked for.
        while (
          items.length < batchSize * ranks &&
          (epoch + 1 < epochs || (last === 'fill' && items.length > 0))
        ) {
          if (!given && items.length === 0) throw new Error('data loader: the stream holds no items');
          await walk.close();
          walk = open(++epoch).walk();
          given = false;
          items.push(...(await walk.take(batchSize * ranks - items.length)));
        }
        given ||= items.length > 0;
        const full = items.length === batchSize * ranks;
        if (items.length === 0 || (!full && last === 'drop')) break;
        const [from, to] = share(items.length, rank, ranks);
        yield { keys: items.slice(from, to), state: { epoch, at: walk.state() } };
        if (epoch >= epochs) break;
      }
      await walk?.close();
    },
  };
}

/** Decides itself which samples come together, as the samplers of this package do. */
export interface BatchSampler {
  /** Row numbers of this rank's next batch. */
  next(): readonly number[];
  /** Small JSON. */
  state(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each sampler takes its own state
  restore(state: any): void;
}

/** Batches as a sampler wants them, without end. */
export function samplerPlan(sampler: BatchSampler): BatchPlan<number> {
  const beginning = sampler.state();
  return {
    async *start(state) {
      sampler.restore(state ?? beginning);
      for (;;) yield { keys: [...sampler.next()], state: sampler.state() as StreamState };
    },
  };
}
