import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Manifest } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { syntheticClips } from '../manifest/synthetic.ts';
import { mix } from '../permutation.ts';
import { bucketEdges, bucketOf, costOf, countDurations } from './bucket-bins.ts';
import { DurationBucketSampler } from './duration-bucket-sampler.ts';
import { longestFirst } from './sharded/longest-first.ts';
import { ShardedSampler, type ShardedSamplerOptions } from './sharded/sharded-sampler.ts';

const clips = syntheticClips(60_000, 2, 4);
const durations = Float64Array.from(clips.duration, (ms) => ms / 1000);

describe('bins', () => {
  test('edges cut the total cost into equal parts', () => {
    const counts = countDurations(clips.duration);
    const edges = bucketEdges(counts, 10, { quadratic: 20 });
    expect(edges.length).toBe(10);
    const costs = new Array<number>(10).fill(0);
    for (const ms of clips.duration) costs[bucketOf(ms, edges)]! += costOf(ms / 1000, { quadratic: 20 });
    const mean = costs.reduce((a, b) => a + b) / 10;
    for (const cost of costs) expect(Math.abs(cost / mean - 1)).toBeLessThan(0.05);
  });

  test('one duration for all gives one bucket', () => {
    expect(bucketEdges(countDurations([5000, 5000, 5000]), 8)).toEqual([5000]);
  });
});

test('duration buckets: budget kept, little padding, all ranks in one bucket with as many examples', () => {
  const ranks = 4;
  const options = { durations, budget: 300, quadratic: 20, seed: 3, ranks };
  const samplers = Array.from(
    { length: ranks },
    (_, rank) => new DurationBucketSampler({ ...options, rank }),
  );
  const { edges } = samplers[0]!;
  const steps = samplers.map((sampler) => [...sampler]);
  let [real, padded] = [0, 0];
  for (let step = 0; step < steps[0]!.length; step++) {
    const batches = steps.map((each) => each[step]!);
    const longest = batches.map((batch) => Math.max(...batch.map((i) => durations[i]!)));
    const buckets = longest.map((seconds) => edges.findIndex((edge) => seconds <= edge));
    expect(new Set(buckets).size).toBe(1);
    const sizes = batches.map((batch) => batch.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    batches.forEach((batch, rank) => {
      expect(batch.length * costOf(edges[buckets[rank]!]!, options)).toBeLessThanOrEqual(300 + 1e-9);
      padded += longest[rank]! * batch.length;
      for (const i of batch) real += durations[i]!;
    });
  }
  expect(1 - real / padded).toBeLessThan(0.015);
});

test('edges from a sample hold everything, and nearly the same', () => {
  const exact = new DurationBucketSampler({ durations, budget: 60 }).edges;
  const estimated = new DurationBucketSampler({ durations, budget: 60, estimateFrom: 10_000 }).edges;
  expect(estimated.at(-1)).toBeGreaterThanOrEqual(Math.max(...durations));
  exact.slice(0, 20).forEach((edge, i) => {
    expect(Math.abs(estimated[i]! / edge - 1)).toBeLessThan(0.06);
  });
});

test('places by length are those of a plain sort, for hours as well', () => {
  for (const longest of [30_000, 40_000_000]) {
    const lengths = Uint32Array.from({ length: 3000 }, (_, i) => 1 + (mix(7, i) % longest));
    const slow = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
    expect(Array.from(longestFirst(lengths), (i) => lengths[i])).toEqual(slow.map((i) => lengths[i]));
  }
});

describe('sharded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-sharded-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const columns = [
    { name: 'duration', type: 'uint32' },
    { name: 'language', type: 'uint16' },
  ] as const;
  // Sorted by duration: the worst order in which a manifest can be written.
  const order = Uint32Array.from(clips.duration.keys()).sort(
    (a, b) => clips.duration[a]! - clips.duration[b]!,
  );
  const writer = new ManifestWriter(join(folder, 'sorted'), { shards: 8, chunkRows: 64, columns });
  writer.appendColumns(order.length, {
    duration: Uint32Array.from(order, (i) => clips.duration[i]!),
    language: Uint16Array.from(order, (i) => clips.language[i]!),
  });
  writer.close();
  const open = (options: Partial<ShardedSamplerOptions>) =>
    new ShardedSampler({
      manifest: Manifest.open(join(folder, 'sorted')),
      budget: 600,
      buckets: 6,
      blockRows: 7552,
      ...options,
    });

  test.each([
    ['single clips', {}],
    ['knapsack', { concatenation: {} }],
    ['balanced', { concatenation: { strategy: 'balanced' } }],
  ] as const)('%s: no stragglers, budget kept, same bucket on all ranks', (_, options) => {
    const ranks = 4;
    const samplers = Array.from({ length: ranks }, (_, rank) =>
      open({ ...options, rank, ranks, quadratic: 30 }),
    );
    const { edges } = samplers[0]!;
    const steps = samplers.map((sampler) => [...sampler]);
    let [total, worst, real, padded] = [0, 0, 0, 0];
    for (let step = 0; step < steps[0]!.length; step++) {
      const batches = steps.map((each) => each[step]!);
      // A batch is padded to its longest example.
      const longest = batches.map((batch) => Math.max(...batch.map(({ length }) => length)) / 1000);
      const costs = batches.map((batch, i) => batch.length * costOf(longest[i]!, { quadratic: 30 }));
      total += costs.reduce((a, b) => a + b) / ranks;
      worst += Math.max(...costs);
      expect(new Set(batches.map((batch) => batch[0]!.edge)).size).toBe(1);
      for (const batch of batches) {
        const { edge } = batch[0]!;
        expect(edges).toContain(edge / 1000);
        expect(batch.length * costOf(edge / 1000, { quadratic: 30 })).toBeLessThanOrEqual(600);
        for (const { length } of batch) {
          expect(length).toBeLessThanOrEqual(edge);
          real += length / 1000;
        }
      }
      padded += batches.reduce((sum, batch, i) => sum + batch.length * longest[i]!, 0);
    }
    expect(worst / total).toBeLessThan(1.05);
    expect(samplers.map(({ overBudget }) => overBudget)).toEqual([0, 0, 0, 0]);
    expect(1 - real / padded).toBeLessThan(0.03);
  });

  test('ranks whose data differ stay in step: what they lack is repeated, and counted', () => {
    // Half of the clips short, half long, in few chunks: some rank has none of either.
    const few = Uint32Array.from({ length: 120 }, (_, i) => (i < 64 ? 1500 : 25_000));
    const small = new ManifestWriter(join(folder, 'few'), { shards: 1, chunkRows: 8, columns: [columns[0]] });
    small.appendColumns(120, { duration: few });
    small.close();
    const samplers = Array.from({ length: 6 }, (_, rank) =>
      open({ manifest: join(folder, 'few'), rank, ranks: 6, budget: 60, blockRows: 16 }),
    );
    const epochs = samplers.map((sampler) => [...sampler]);
    const repeated = samplers.reduce((sum, sampler) => sum + sampler.repeated, 0);
    expect(repeated).toBeGreaterThan(0);
    expect(new Set(epochs.map((epoch) => epoch.length)).size).toBe(1);
    const rows = epochs.flat(2).flatMap((example) => example.rows);
    expect(new Set(rows).size).toBe(120);
    expect(rows.length).toBe(120 + repeated);
    expect(epochs.flat().every((batch) => batch.length > 0)).toBe(true);
  });

  test('a rank opens its own shards only', () => {
    const sampler = open({ rank: 1, ranks: 4, concatenation: {} });
    for (const _ of sampler);
    expect(sampler.manifest.openFiles.toSorted()).toEqual([
      'index.bin',
      'sample.bin',
      'shard-00002.bin',
      'shard-00003.bin',
    ]);
  });

  test('a manifest that changed since the state was saved is refused by its hash', () => {
    const state = open({}).state();
    const other = new ManifestWriter(join(folder, 'other'), { shards: 8, chunkRows: 64, columns });
    other.appendColumns(clips.duration.length, { duration: clips.duration, language: clips.language });
    const { hash } = other.close();
    const changed = open({ manifest: join(folder, 'other') });
    expect(() => changed.restore(state)).toThrow(
      `sharded sampler: cannot continue, manifest was ${state.settings.manifest} and is now ${hash}`,
    );
  });
});
