import { permutation } from '../permutation.ts';
import { type BatchCost, bucketEdges, bucketOf, costOf, countDurations } from './bucket-bins.ts';
import {
  checkExamples,
  checkInteger,
  EpochSampler,
  type EpochSamplerOptions,
  type Settings,
} from './epoch-sampler.ts';
import { fingerprint } from './fingerprint.ts';
import { firstAbove } from './search.ts';

/** How `DurationBucketSampler` makes batches. */
export interface DurationBucketSamplerOptions extends EpochSamplerOptions, BatchCost {
  /** Seconds of each example, > 0. Or tokens: any length will do, then `budget` is in tokens too. */
  durations: ArrayLike<number>;
  /** What a batch may cost when all its examples are padded to their bucket's edge: seconds, see `quadratic`. */
  budget: number;
  /** Number of buckets, of about equal total cost. Default 30. */
  buckets?: number;
  /** Upper edges of the buckets in seconds, ascending, instead of estimating them. */
  edges?: readonly number[];
  /** Estimate the edges from this many examples instead of all. */
  estimateFrom?: number;
  /** An example longer than the last edge, or than the budget: `error` (default), or `skip` and count. */
  overlong?: 'error' | 'skip';
  /** Largest number of examples in a batch. */
  maxBatch?: number;
}

interface Bucket {
  /** Milliseconds up to which it reaches. */
  edge: number;
  first: number;
  count: number;
}

/** Buckets, and the number of steps up to the end of each, for a number of ranks. */
interface Layout {
  ranks: number;
  buckets: Bucket[];
  ends: number[];
}

/**
 * Dynamic batches: examples of similar duration, as many as the budget allows. At each step all ranks are in the same
 * bucket and have equally many examples (in one step of each bucket, one more or less). Any step is computed at once.
 *
 * Needs 4 bytes for each example; `ShardedSampler` does without.
 */
export class DurationBucketSampler extends EpochSampler {
  protected readonly kind = 'duration bucket sampler';
  protected readonly unitsPerRank = 1;
  readonly #settings: Settings;
  readonly #budget: number;
  readonly #cost: BatchCost;
  readonly #maxBatch: number;
  readonly #buckets: Bucket[];
  /** Examples bucket after bucket. */
  readonly #examples: Uint32Array;
  /** Examples that were left out because they are too long. */
  readonly skipped: number;
  #layout: Layout | undefined;
  #orders: { epoch: number; steps: (step: number) => number; within: ((at: number) => number)[] } | undefined;

  /** @throws naming the first duration that is not above 0, or too long (see `overlong`) */
  constructor(options: DurationBucketSamplerOptions) {
    super(options);
    const {
      durations,
      budget,
      buckets = 30,
      quadratic,
      overlong = 'error',
      maxBatch,
      estimateFrom,
    } = options;
    checkExamples(this.kind, durations.length, this.ranks);
    checkInteger(this.kind, 'buckets', buckets);
    if (!(budget > 0)) throw new Error(`${this.kind}: budget must be > 0, found ${budget}`);
    if (quadratic !== undefined && !(quadratic > 0))
      throw new Error(`${this.kind}: quadratic must be > 0, found ${quadratic}`);
    this.#budget = budget;
    this.#cost = quadratic === undefined ? {} : { quadratic };
    this.#maxBatch = maxBatch ?? Number.POSITIVE_INFINITY;

    const milliseconds = new Float64Array(durations.length);
    for (let i = 0; i < durations.length; i++) {
      if (!(durations[i]! > 0 && Number.isFinite(durations[i]!)))
        throw new Error(`${this.kind}: duration ${i} must be a number > 0, found ${durations[i]}`);
      milliseconds[i] = Math.ceil(durations[i]! * 1000 - 1e-6);
    }
    const edges = options.edges
      ? checkEdges(options.edges)
      : estimateEdges(milliseconds, buckets, this.#cost, estimateFrom);
    const fits = (ms: number) => ms <= edges.at(-1)! && costOf(ms / 1000, this.#cost) <= budget;
    const counts = new Array<number>(edges.length).fill(0);
    let skipped = 0;
    for (let i = 0; i < milliseconds.length; i++) {
      if (fits(milliseconds[i]!)) counts[bucketOf(milliseconds[i]!, edges)]!++;
      else if (overlong === 'skip') skipped++;
      else
        throw new Error(
          `${this.kind}: example ${i} has ${durations[i]} s, more than the last edge (${edges.at(-1)! / 1000}) or ` +
            `the budget (${budget}) allows; raise them, cut it, or set overlong to 'skip'`,
        );
    }
    this.skipped = skipped;
    checkExamples(this.kind, milliseconds.length - skipped, this.ranks);
    const starts = [0];
    for (const count of counts) starts.push(starts.at(-1)! + count);
    const next = starts.slice();
    this.#examples = new Uint32Array(milliseconds.length - skipped);
    for (let i = 0; i < milliseconds.length; i++)
      if (fits(milliseconds[i]!)) this.#examples[next[bucketOf(milliseconds[i]!, edges)]!++] = i;
    this.#buckets = edges.map((edge, i) => ({ edge, first: starts[i]!, count: counts[i]! }));
    this.#settings = {
      budget,
      quadratic: quadratic ?? 0,
      edges: edges.join(' '),
      maxBatch: maxBatch ?? 0,
      durations: fingerprint(durations),
    };
  }

  /** Upper edges of the buckets in seconds; small buckets were joined with the next. */
  get edges(): number[] {
    return this.#lay(this.ranks).buckets.map(({ edge }) => edge / 1000);
  }

  protected settings(): Settings {
    return this.#settings;
  }

  protected units(_epoch: number, ranks: number): number {
    return this.#lay(ranks).ends.at(-1)! * ranks;
  }

  protected unit(epoch: number, index: number, ranks: number): number[] {
    const { buckets, ends } = this.#lay(ranks);
    const { steps, within } = this.#order(epoch, ranks);
    const step = steps(Math.floor(index / ranks));
    const which = firstAbove(ends, step);
    const { first, count } = buckets[which]!;
    const begin = which === 0 ? 0 : ends[which - 1]!;
    const batches = (ends[which]! - begin) * ranks;
    const batch = (step - begin) * ranks + (index % ranks);
    // The first `count % batches` batches have one example more: they are neighbours, so ranks in step have as many.
    const size = Math.floor(count / batches);
    const more = count % batches;
    const from = batch * size + Math.min(batch, more);
    const at = within[which]!;
    const length = size + (batch < more ? 1 : 0);
    // Where a batch holds one example and they do not divide by the ranks, the last ranks see some a second time.
    if (length === 0) return [this.#examples[first + at(batch % count)]!];
    return Array.from({ length }, (_, i) => this.#examples[first + at(from + i)]!);
  }

  /** Examples that come twice an epoch, because a bucket whose batches hold one does not divide by the ranks. */
  get repeated(): number {
    const { buckets, ends } = this.#lay(this.ranks);
    return buckets.reduce((sum, { count }, i) => {
      const batches = (ends[i]! - (i === 0 ? 0 : ends[i - 1]!)) * this.ranks;
      return sum + Math.max(0, batches - count);
    }, 0);
  }

  #lay(ranks: number): Layout {
    if (this.#layout?.ranks === ranks) return this.#layout;
    const buckets = mergeSmall(this.#buckets, ranks);
    const ends: number[] = [];
    for (const { edge, count } of buckets) {
      const most = Math.min(this.#maxBatch, Math.floor(this.#budget / costOf(edge / 1000, this.#cost)));
      ends.push((ends.at(-1) ?? 0) + Math.ceil(count / (ranks * Math.max(1, most))));
    }
    this.#orders = undefined;
    this.#layout = { ranks, buckets, ends };
    return this.#layout;
  }

  #order(epoch: number, ranks: number) {
    const { buckets, ends } = this.#lay(ranks);
    if (this.#orders?.epoch !== epoch) {
      // Streams of one epoch follow each other: the order of the steps, then that within each bucket.
      const stream = epoch * (this.#buckets.length + 1);
      const within = buckets.map(({ count }, i) => permutation(count, this.seed, stream + i + 1));
      this.#orders = { epoch, steps: permutation(ends.at(-1)!, this.seed, stream), within };
    }
    return this.#orders;
  }
}

function checkEdges(edges: readonly number[]): number[] {
  if (edges.length === 0 || edges.some((edge, i) => !(edge > (edges[i - 1] ?? 0))))
    throw new Error(`duration bucket sampler: edges must ascend from above 0, found ${edges.join(', ')}`);
  return edges.map((edge) => Math.round(edge * 1000));
}

function estimateEdges(
  milliseconds: Float64Array,
  buckets: number,
  cost: BatchCost,
  from?: number,
): number[] {
  if (from === undefined || from >= milliseconds.length)
    return bucketEdges(countDurations(milliseconds), buckets, cost);
  const draw = permutation(milliseconds.length, 0xb125);
  const sample = Float64Array.from({ length: from }, (_, i) => milliseconds[draw(i)]!);
  const edges = bucketEdges(countDurations(sample), buckets, cost);
  // What the sample has not seen must fit as well.
  let longest = 0;
  for (const value of milliseconds) longest = Math.max(longest, value);
  edges[edges.length - 1] = Math.max(edges.at(-1)!, longest);
  return edges;
}

/** Joins buckets that have no example for every rank with the next longer one, the longest with the one below. */
function mergeSmall(buckets: readonly Bucket[], ranks: number): Bucket[] {
  const merged: Bucket[] = [];
  let pending: Bucket | undefined;
  for (const bucket of buckets) {
    pending = pending
      ? { edge: bucket.edge, first: pending.first, count: pending.count + bucket.count }
      : { ...bucket };
    if (pending.count >= ranks) {
      merged.push(pending);
      pending = undefined;
    }
  }
  if (pending && pending.count > 0) {
    const last = merged.pop()!;
    merged.push({ edge: pending.edge, first: last.first, count: last.count + pending.count });
  }
  return merged;
}
