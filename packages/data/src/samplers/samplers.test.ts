import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Manifest } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { syntheticClips } from '../manifest/synthetic.ts';
import { DurationBucketSampler } from './duration-bucket-sampler.ts';
import type { EpochSampler } from './epoch-sampler.ts';
import { DistributedSampler, RandomSampler, SequentialSampler, WeightedSampler } from './example-samplers.ts';
import { LengthGroupedSampler } from './length-grouped-sampler.ts';
import type { PlannedExample } from './sharded/block.ts';
import { ShardedSampler } from './sharded/sharded-sampler.ts';

const COUNT = 2003;
const { duration, language, region } = syntheticClips(COUNT, 1);
const durations = Array.from(duration, (ms) => ms / 1000);
const weights = durations.map((_, i) => (i % 7 === 0 ? 0 : 1 + (i % 5)));
const folder = mkdtempSync(join(tmpdir(), 'attune-samplers-'));
const columns = [
  { name: 'duration', type: 'uint32' },
  { name: 'language', type: 'uint16' },
  { name: 'region', type: 'uint16' },
] as const;
let manifest: Manifest;

beforeAll(() => {
  const writer = new ManifestWriter(join(folder, 'm'), { shards: 12, chunkRows: 8, columns });
  writer.appendColumns(COUNT, { duration, language, region });
  writer.close();
  manifest = Manifest.open(join(folder, 'm'));
});
afterAll(() => {
  manifest.close();
  rmSync(folder, { recursive: true });
});

type Place = { rank?: number; ranks?: number; seed?: number };
/** A kind of sampler: how to make it, and how many examples an epoch has. */
interface Kind {
  name: string;
  make(place: Place): EpochSampler<number> | EpochSampler<PlannedExample>;
  examples?: number;
  shuffles: boolean;
  /** Examples come with replacement: not each once. */
  replaces?: boolean;
}
const kinds: Kind[] = [
  {
    name: 'sequential',
    make: (p) => new SequentialSampler({ length: COUNT, batchSize: 16, ...p }),
    shuffles: false,
  },
  {
    name: 'distributed',
    make: ({ seed: _, ...p }) =>
      new DistributedSampler({
        length: COUNT,
        batchSize: 16,
        name: 'from behind',
        order: (_, i) => COUNT - 1 - i,
        ...p,
      }),
    shuffles: false,
  },
  { name: 'random', make: (p) => new RandomSampler({ length: COUNT, batchSize: 16, ...p }), shuffles: true },
  {
    name: 'random, batches of one',
    make: (p) => new RandomSampler({ length: 59, batchSize: 1, ...p }),
    examples: 59,
    shuffles: true,
  },
  {
    name: 'weighted',
    make: (p) => new WeightedSampler({ weights, batchSize: 16, ...p }),
    shuffles: true,
    replaces: true,
  },
  {
    name: 'weighted without replacement',
    make: (p) => new WeightedSampler({ weights, batchSize: 16, replacement: false, ...p }),
    examples: weights.filter((w) => w > 0).length,
    shuffles: true,
  },
  {
    name: 'length-grouped',
    make: (p) => new LengthGroupedSampler({ lengths: durations, batchSize: 16, windowSteps: 10, ...p }),
    shuffles: true,
  },
  {
    name: 'duration buckets',
    make: (p) => new DurationBucketSampler({ durations, budget: 90, quadratic: 20, ...p }),
    shuffles: true,
  },
  {
    name: 'duration buckets whose longest hold one',
    make: (p) => new DurationBucketSampler({ durations, budget: 31, estimateFrom: 500, ...p }),
    shuffles: true,
  },
  {
    name: 'sharded',
    make: (p) => new ShardedSampler({ manifest, budget: 60, buckets: 3, blockRows: 96, ...p }),
    shuffles: true,
  },
  {
    name: 'sharded, concatenated',
    make: (p) =>
      new ShardedSampler({ manifest, budget: 60, buckets: 3, blockRows: 96, concatenation: {}, ...p }),
    shuffles: true,
  },
];

const flat = (batches: (number | PlannedExample)[][]): number[] =>
  batches.flat().flatMap((each) => (typeof each === 'number' ? [each] : each.rows));
const epochOf = (sampler: EpochSampler<never> | ReturnType<Kind['make']>) =>
  [...(sampler as EpochSampler<number | PlannedExample>)] as (number | PlannedExample)[][];
const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const counts = (values: number[]) => new Set(values).size;

describe.each(kinds)('$name', ({ make, examples = COUNT, shuffles, replaces, name }) => {
  test.each([1, 2, 3, 8])('%i ranks: disjoint, complete, as many steps each, no empty batch', (ranks) => {
    const samplers = Array.from({ length: ranks }, (_, rank) => make({ rank, ranks }));
    const steps = samplers.map((sampler) => sampler.stepsLeft);
    const { repeated } = samplers[0]!.tail;
    const more = (samplers[0] as { repeated?: number }).repeated ?? 0;
    const epochs = samplers.map(epochOf);
    expect(epochs.map((epoch) => epoch.length)).toEqual(steps);
    expect(new Set(steps).size).toBe(1);
    for (const batch of epochs.flat()) expect(batch.length).toBeGreaterThan(0);
    const all = epochs.flatMap((epoch) => flat(epoch));
    expect(all.length).toBe(examples + repeated + more);
    if (!replaces) expect(counts(all)).toBe(examples);
    expect(repeated).toBeLessThan(ranks);
  });

  test('continues from the state after any step exactly, through JSON', () => {
    const whole = make({ rank: 1, ranks: 2 });
    const steps = [...epochOf(whole), ...epochOf(whole)];
    const walker = make({ rank: 1, ranks: 2 });
    const stride = Math.max(1, Math.floor(steps.length / 23));
    for (let step = 0; step < steps.length; step++) {
      if (step % stride === 0) {
        const state = JSON.parse(JSON.stringify(walker.state()));
        expect(JSON.stringify(state).length).toBeLessThan(900);
        const other = make({ rank: 1, ranks: 2 });
        other.restore(state);
        expect(other.next()).toEqual(steps[step]);
        expect(other.epoch).toBe(step + 1 < steps.length / 2 ? 0 : step + 1 < steps.length ? 1 : 2);
      }
      walker.next();
    }
  });

  test('epochs and seeds shuffle anew; the same seed gives the same', () => {
    const sampler = make({ seed: 5 });
    const first = flat(epochOf(sampler));
    const second = flat(epochOf(sampler));
    if (shuffles) expect(second).not.toEqual(first);
    else expect(second).toEqual(first);
    expect(flat(epochOf(make({ seed: 5 })))).toEqual(first);
    if (shuffles) expect(flat(epochOf(make({ seed: 6 })))).not.toEqual(first);
    const later = make({ seed: 5 });
    later.setEpoch(1);
    expect(flat(epochOf(later))).toEqual(second);
  });

  test.each([
    [4, 2],
    [2, 4],
    [3, 2],
  ])('from %i to %i ranks in mid-epoch: nothing comes twice, nothing is lost', (before, after) => {
    const old = Array.from({ length: before }, (_, rank) => make({ rank, ranks: before }));
    const steps = Math.floor(old[0]!.stepsLeft * 0.4);
    const seen = old.flatMap((s) => flat(Array.from({ length: steps }, () => s.next()) as never));
    const states = old.map((sampler) => JSON.stringify(sampler.state()));
    expect(new Set(states).size).toBe(1);
    const rest: number[] = [];
    const lengths = new Set<number>();
    let repeated = 0;
    for (let rank = 0; rank < after; rank++) {
      const sampler = make({ rank, ranks: after });
      sampler.restore(JSON.parse(states[0]!));
      ({ repeated } = sampler.tail);
      const batches = epochOf(sampler);
      lengths.add(batches.length);
      rest.push(...flat(batches));
      expect(sampler.epoch).toBe(1);
    }
    expect(lengths.size).toBe(1);
    const more = (old[0] as { repeated?: number }).repeated ?? 0;
    expect(seen.length + rest.length).toBe(examples + repeated + more);
    if (!replaces) expect(counts([...seen, ...rest])).toBe(examples);
  });

  test('a state of other settings or of another kind is refused', () => {
    const state = make({ seed: 1 }).state();
    if (shuffles)
      expect(() => make({ seed: 2 }).restore(state)).toThrow('cannot continue, seed was 1 and is now 2');
    expect(() => make({ seed: 1 }).restore({ ...state, kind: 'other' })).toThrow(
      /state is of a other, this is/,
    );
    expect(name).toBeTruthy();
  });
});

test('dropping the tail leaves out fewer examples than ranks', () => {
  const make = (rank: number) =>
    new RandomSampler({ length: 59, batchSize: 1, rank, ranks: 8, tail: 'drop' });
  expect(make(0).tail).toEqual({ repeated: 0, dropped: 3 });
  const all = Array.from({ length: 8 }, (_, rank) => flat(epochOf(make(rank)))).flat();
  expect(all.length).toBe(56);
  expect(counts(all)).toBe(56);
  const endless = make(3);
  for (let i = 0; i < 7; i++) endless.next();
  endless.next();
  expect(endless.epoch).toBe(1);
});

test('weights decide how often an example is drawn', () => {
  const sampler = new WeightedSampler({ weights: [1, 2, 0, 5], batchSize: 10, draws: 40_000 });
  const seen = [0, 0, 0, 0];
  for (const i of flat(epochOf(sampler))) seen[i]!++;
  expect(seen[2]).toBe(0);
  [1, 2, 0, 5].forEach((weight, i) => {
    expect(Math.abs(seen[i]! / 5000 - weight)).toBeLessThan(0.1);
  });
  const once = new WeightedSampler({ weights: [1, 1, 1, 1000], batchSize: 4, replacement: false });
  let first = 0;
  for (let epoch = 0; epoch < 50; epoch++) if (once.next()[0] === 3) first++;
  expect(first).toBeGreaterThan(45);
});

test('length groups hold similar lengths, on all ranks alike', () => {
  const lengths = durations;
  const make = (rank: number) => new LengthGroupedSampler({ lengths, batchSize: 8, rank, ranks: 2, seed: 1 });
  const [a, b] = [epochOf(make(0)) as number[][], epochOf(make(1)) as number[][]];
  let padded = 0;
  let real = 0;
  a.forEach((batch, step) => {
    const longest = Math.max(...batch.map((i) => lengths[i]!));
    padded += longest * batch.length;
    for (const i of batch) real += lengths[i]!;
    expect(Math.abs(longest - Math.max(...b[step]!.map((i) => lengths[i]!)))).toBeLessThan(15);
  });
  expect(1 - real / padded).toBeLessThan(0.1);
});

test('random order is a permutation of all positions', () => {
  expect(sorted(flat(epochOf(new RandomSampler({ length: 100, batchSize: 7 }))))).toEqual([
    ...Array(100).keys(),
  ]);
});

describe('bad input', () => {
  test('more ranks than examples', () => {
    expect(() => new RandomSampler({ length: 3, batchSize: 1, rank: 0, ranks: 4 })).toThrow(
      'random sampler: 4 ranks for 3 examples; every rank needs one, use fewer ranks',
    );
    expect(() => new DurationBucketSampler({ durations: [1, 2], budget: 10, rank: 0, ranks: 3 })).toThrow(
      '3 ranks for 2 examples',
    );
    expect(() => new ShardedSampler({ manifest, budget: 60, rank: 0, ranks: 1000 })).toThrow(
      /1000 ranks for 25\d chunks of 8 rows; write the manifest with smaller chunks/,
    );
  });

  test('durations that are none, and examples that fit no batch', () => {
    const make = (values: number[], options = {}) =>
      new DurationBucketSampler({ durations: values, budget: 20, ...options });
    expect(() => make([1, -2])).toThrow('duration 1 must be a number > 0, found -2');
    expect(() => make([1, Number.NaN])).toThrow('duration 1 must be a number > 0, found NaN');
    expect(() => make([0, 1])).toThrow('duration 0 must be a number > 0, found 0');
    expect(() => make([1, 25])).toThrow(
      /example 1 has 25 s, more than the last edge \(25\) or the budget \(20\)/,
    );
    const skipping = make([1, 25, 2], { overlong: 'skip' });
    expect(skipping.skipped).toBe(1);
    expect(sorted(flat(epochOf(skipping)))).toEqual([0, 2]);
    expect(() => make([1, 2], { edges: [3, 2] })).toThrow('edges must ascend from above 0, found 3, 2');
    expect(() => new WeightedSampler({ weights: [1, -1], batchSize: 1 })).toThrow(
      'weight 1 must be a number >= 0',
    );
    expect(() => new WeightedSampler({ weights: [0, 0], batchSize: 1 })).toThrow('a weight must be above 0');
    expect(() => new RandomSampler({ length: 3, batchSize: 0 })).toThrow('batchSize must be an integer >= 1');
  });

  test('clips longer than the maximum, and a budget too small for one', () => {
    expect(() => new ShardedSampler({ manifest, budget: 60, maximum: 10 })).toThrow(
      /\d+ of 2003 clips are longer than 10 s, up to \d+\.\d+; cut them, raise maximum, or set overlong to 'skip'/,
    );
    const skipping = new ShardedSampler({ manifest, budget: 60, maximum: 10, overlong: 'skip' });
    const longer = durations.filter((seconds) => seconds > 10).length;
    expect(skipping.skipped).toBe(longer);
    expect(counts(flat(epochOf(skipping)))).toBe(COUNT - longer);
    expect(() => new ShardedSampler({ manifest, budget: 20, concatenation: {} })).toThrow(
      'budget must allow one example of 30 s, which costs 30.0; found 20',
    );
  });
});
