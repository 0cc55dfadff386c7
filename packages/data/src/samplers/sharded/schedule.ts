import { type BatchCost, bucketEdges, bucketOf, costOf, type DurationCounts } from '../bucket-bins.ts';

/** Standard deviations by which a rank may have more long examples than expected before a batch exceeds its budget. */
const MARGIN = 4;
/** By which a block may have more examples in all than expected. */
const TOTAL_MARGIN = 1.02;
/** Edges are at least this ratio apart: closer ones save no padding, and ranks would disagree about what lies between. */
const SPACING = 1.05;
/** Ratio of the edges that cut the lowest bucket further. */
const WIDEST = 1.25;
/** Fewest batches for which a bucket of its own pays. */
const LEAST_BATCHES = 2;

/** The steps of a block: the same on every rank, whatever examples it finds there. */
export interface Schedule {
  /** Upper edges of the buckets in milliseconds, ascending. */
  edges: number[];
  /** Steps in each bucket. */
  slots: number[];
  /** Examples to be placed in this bucket and all longer ones. */
  targets: number[];
  /** Examples that a batch of each bucket may have. */
  capacities: number[];
  /** Steps of the block. */
  steps: number;
}

/** What a schedule is made for. */
export interface ScheduleOptions extends BatchCost {
  budget: number;
  buckets: number;
  /** Upper edge of the last bucket in milliseconds. */
  longest: number;
  maxBatch?: number | undefined;
}

/**
 * Cuts a block of expected example lengths into steps. Every rank will fill them with its own block, whose lengths are
 * distributed alike but not equal: so that all ranks place equally many examples in each bucket, its targets lie a
 * margin above the expectation, and the longest examples of the bucket below fill it up.
 *
 * @param sample lengths of examples @param scale examples of a block for each one of the sample
 * @throws when one example of the last bucket exceeds the budget
 */
export function makeSchedule(sample: DurationCounts, scale: number, options: ScheduleOptions): Schedule {
  const { budget, longest, maxBatch = Number.POSITIVE_INFINITY } = options;
  const capacity = (edge: number) => Math.min(maxBatch, Math.floor(budget / costOf(edge / 1000, options)));
  if (capacity(longest) < 1)
    throw new Error(
      `sharded sampler: budget must allow one example of ${longest / 1000} s, which costs ` +
        `${costOf(longest / 1000, options).toFixed(1)}; found ${budget}`,
    );
  const edges = bucketEdges(sample, options.buckets, options);
  edges[edges.length - 1] = longest;
  for (let i = edges.length - 2; i >= 0; i--) if (edges[i]! * SPACING > edges[i + 1]!) edges.splice(i, 1);
  // The lowest bucket reaches down to nothing: it is cut finer, or its batches of the shortest would hold too little.
  for (let edge = edges[0]! / WIDEST; edge > 500 && edges.length < 2 * options.buckets; edge /= WIDEST)
    edges.unshift(Math.ceil(edge / 20) * 20);
  for (;;) {
    const expected = new Array<number>(edges.length).fill(0);
    for (let i = 0; i < sample.counts.length; i++)
      expected[bucketOf(sample.milliseconds[i]!, edges)]! += sample.counts[i]! * scale;
    const targets = new Array<number>(edges.length).fill(0);
    let sum = 0;
    for (let bucket = edges.length - 1; bucket >= 0; bucket--) {
      sum += expected[bucket]!;
      targets[bucket] = Math.ceil(sum + MARGIN * Math.sqrt(sum));
    }
    // How many there are in all varies far less than how many are long.
    targets[0] = Math.max(targets[1] ?? 0, Math.ceil(sum * TOTAL_MARGIN));
    // A bucket that is too small for batches of its own is joined with the next longer one.
    const own = targets.map((target, bucket) => target - (targets[bucket + 1] ?? 0));
    if (edges.length > 1) own[0] = sum - MARGIN * Math.sqrt(sum) - targets[1]!;
    const small = own.findIndex((count, bucket) => count < LEAST_BATCHES * capacity(edges[bucket]!));
    if (small >= 0 && edges.length > 1) {
      edges.splice(Math.min(small, edges.length - 2), 1);
      continue;
    }
    const slots = targets.map((target, bucket) =>
      Math.max(1, Math.ceil((target - (targets[bucket + 1] ?? 0)) / capacity(edges[bucket]!))),
    );
    return {
      edges,
      slots,
      targets,
      capacities: edges.map(capacity),
      steps: slots.reduce((a, b) => a + b, 0),
    };
  }
}

/** The bucket of a step, counted from the longest bucket on. */
export function bucketOfStep({ slots }: Schedule, step: number): number {
  let bucket = slots.length - 1;
  for (let rest = step; rest >= slots[bucket]!; bucket--) rest -= slots[bucket]!;
  return bucket;
}

/**
 * Cuts a rank's examples, sorted from long to short, into the steps of a schedule. No example comes into a bucket that
 * is too short for it. Where there are fewer than steps, the last steps of a bucket stay empty.
 *
 * @param lengths milliseconds, descending
 * @returns where each step's examples begin, longest bucket first, and the end of the last
 */
export function fillSchedule({ edges, slots, targets, steps }: Schedule, lengths: Uint32Array): Uint32Array {
  const count = lengths.length;
  const cuts = new Uint32Array(steps + 1);
  let step = 0;
  let placed = 0;
  let longer = 0;
  let slotsBelow = steps;
  for (let bucket = edges.length - 1; bucket >= 0; bucket--) {
    const own = slots[bucket]!;
    slotsBelow -= own;
    // What is longer than the next edge has to be placed by now; one for each step below should be left.
    const below = bucket > 0 ? edges[bucket - 1]! : 0;
    while (longer < count && lengths[longer]! > below) longer++;
    const wanted = bucket === 0 ? count : Math.min(targets[bucket]!, count - slotsBelow);
    const end = Math.max(placed, longer, wanted);
    // The larger batches come first, so that ranks whose numbers differ a little differ in a few steps only.
    const size = Math.floor((end - placed) / own);
    const more = (end - placed) % own;
    for (let i = 0; i < own; i++) cuts[step++] = placed + i * size + Math.min(i, more);
    placed = end;
  }
  cuts[step] = count;
  return cuts;
}
