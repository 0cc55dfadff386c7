import { mix, permutation } from '../permutation.ts';
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

/** Buckets, and the number of steps in each, for a number of ranks. */
interface Layout {
  ranks: number;
  buckets: Bucket[];
  steps: number[];
  total: number;
}

/** Neighbouring steps of a bucket, whose examples are sorted by duration together. */
interface Window {
  bucket: number;
  first: number;
  steps: number;
}

/** The windows of an epoch in random order, in groups whose steps are shuffled; and the steps up to each group's end. */
interface Order {
  epoch: number;
  windows: Window[];
  ends: number[];
}

/** Steps of a window, and windows of a group. */
const WINDOW_STEPS = 8;
const GROUP_WINDOWS = 16;

/**
 * Dynamic batches: examples of similar duration, as many as the budget allows. At each step all ranks are in the same
 * bucket and have equally many examples, or one more. Any step is computed at once.
 *
 * The examples of a bucket are shuffled; those of eight steps each are then sorted, so that little is padded within the
 * bucket as well, and dealt to the ranks like cards. Steps come in random order, near windows mixed.
 *
 * Needs 8 bytes for each example; `ShardedSampler` does without.
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
  readonly #milliseconds: Uint32Array;
  #layout: Layout | undefined;
  #order: Order | undefined;
  /** The sorted windows of one group. */
  #sorted: { group: string; windows: Map<Window, Uint32Array> } = { group: '', windows: new Map() };

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

    const milliseconds = new Uint32Array(durations.length);
    for (let i = 0; i < durations.length; i++) {
      if (!(durations[i]! > 0 && Number.isFinite(durations[i]!)))
        throw new Error(`${this.kind}: duration ${i} must be a number > 0, found ${durations[i]}`);
      milliseconds[i] = Math.ceil(durations[i]! * 1000 - 1e-6);
    }
    this.#milliseconds = milliseconds;
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
    return this.#lay(ranks).total * ranks;
  }

  protected unit(epoch: number, index: number, ranks: number): number[] {
    const { buckets, steps } = this.#lay(ranks);
    const { windows, ends } = this.#arrange(epoch, ranks);
    const step = Math.floor(index / ranks);
    const group = firstAbove(ends, step);
    const begin = ends[group - 1] ?? 0;
    const shuffled = permutation(ends[group]! - begin, mix(this.seed, 0x5e9), epoch * 2 ** 24 + group);
    let rest = shuffled(step - begin);
    let which = group * GROUP_WINDOWS;
    for (; rest >= windows[which]!.steps; which++) rest -= windows[which]!.steps;
    const window = windows[which]!;
    const { first, count } = buckets[window.bucket]!;
    const start = starts(count, steps[window.bucket]!);
    const sorted = this.#load(`${epoch} ${ranks} ${group}`, window, ranks);
    const base = start(window.first);
    const end = start(window.first + rest + 1) - base;
    const batch: number[] = [];
    for (let i = start(window.first + rest) - base + (index % ranks); i < end; i += ranks)
      batch.push(sorted[i]!);
    // Where a batch holds one example and they do not divide by the ranks, the last ranks see some a second time.
    if (batch.length === 0) batch.push(this.#examples[first + (index % count)]!);
    return batch;
  }

  /** Examples that come twice an epoch, because a bucket whose batches hold one does not divide by the ranks. */
  get repeated(): number {
    const { buckets, steps } = this.#lay(this.ranks);
    return buckets.reduce((sum, { count }, i) => sum + Math.max(0, steps[i]! * this.ranks - count), 0);
  }

  #lay(ranks: number): Layout {
    if (this.#layout?.ranks === ranks) return this.#layout;
    const buckets = mergeSmall(this.#buckets, ranks);
    const steps = buckets.map(({ edge, count }) => {
      const most = Math.min(this.#maxBatch, Math.floor(this.#budget / costOf(edge / 1000, this.#cost)));
      return Math.ceil(count / (ranks * Math.max(1, most)));
    });
    this.#order = undefined;
    this.#layout = { ranks, buckets, steps, total: steps.reduce((a, b) => a + b, 0) };
    return this.#layout;
  }

  #arrange(epoch: number, ranks: number): Order {
    const { steps } = this.#lay(ranks);
    if (this.#order?.epoch === epoch) return this.#order;
    const all: Window[] = steps.flatMap((own, bucket) =>
      Array.from({ length: Math.ceil(own / WINDOW_STEPS) }, (_, i) => {
        const first = i * WINDOW_STEPS;
        return { bucket, first, steps: Math.min(WINDOW_STEPS, own - first) };
      }),
    );
    const order = permutation(all.length, mix(this.seed, 0x317d), epoch);
    const windows = all.map((_, i) => all[order(i)]!);
    const ends: number[] = [];
    windows.forEach((window, i) => {
      if (i % GROUP_WINDOWS === 0) ends.push(ends.at(-1) ?? 0);
      ends[ends.length - 1]! += window.steps;
    });
    this.#order = { epoch, windows, ends };
    return this.#order;
  }

  /** The examples of a window by duration. */
  #load(group: string, window: Window, ranks: number): Uint32Array {
    if (this.#sorted.group !== group) this.#sorted = { group, windows: new Map() };
    const known = this.#sorted.windows.get(window);
    if (known) return known;
    const { buckets, steps } = this.#lay(ranks);
    const { first, count } = buckets[window.bucket]!;
    const start = starts(count, steps[window.bucket]!);
    const [from, to] = [start(window.first), start(window.first + window.steps)];
    const at = permutation(count, this.seed, this.#order!.epoch * 2 ** 16 + window.bucket);
    const shuffled = Uint32Array.from({ length: to - from }, (_, i) => this.#examples[first + at(from + i)]!);
    // Durations above the place: numbers sort faster than by a comparison.
    const keys = Float64Array.from(
      shuffled,
      (example, i) => Math.min(this.#milliseconds[example]!, 2 ** 28) * 2 ** 24 + i,
    );
    const sorted = Uint32Array.from(keys.sort(), (key) => shuffled[key % 2 ** 24]!);
    this.#sorted.windows.set(window, sorted);
    return sorted;
  }
}

/** Where each step of a bucket begins among its examples: steps are all of one size, or one more. */
function starts(count: number, steps: number): (step: number) => number {
  return (step) => Math.floor((step * count) / steps);
}

function checkEdges(edges: readonly number[]): number[] {
  if (edges.length === 0 || edges.some((edge, i) => !(edge > (edges[i - 1] ?? 0))))
    throw new Error(`duration bucket sampler: edges must ascend from above 0, found ${edges.join(', ')}`);
  return edges.map((edge) => Math.round(edge * 1000));
}

function estimateEdges(milliseconds: Uint32Array, buckets: number, cost: BatchCost, from?: number): number[] {
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
