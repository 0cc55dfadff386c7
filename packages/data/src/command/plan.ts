import { writeFileSync } from 'node:fs';
import { type ConcatenationPlan, planConcatenation } from '../concat/concatenation-plan.ts';
import type { ClipColumns } from '../concat/group-clips.ts';
import type { ConcatenationOptions } from '../concat/options.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { countDurations, type DurationCounts } from '../samplers/bucket-bins.ts';
import { DurationBucketSampler } from '../samplers/duration-bucket-sampler.ts';
import { ShardedSampler } from '../samplers/sharded/sharded-sampler.ts';
import { clipsOfManifest, manifestAt, readClips } from './read-clips.ts';

/** What `planCommand` is told. */
export interface PlanOptions {
  /** A manifest's folder, or files, patterns or folders with a column of durations. */
  paths: string[];
  /** Write a manifest of the files into this folder. */
  manifest?: string;
  /** Write the plan as an Arrow file: lists of clips and their starts. */
  out?: string;
  /** Default 1. */
  ranks?: number;
  /** Seconds of a batch, on each rank, padding included. Default 600. */
  budget?: number;
  quadratic?: number;
  /** Clips of a plain batch, to compare with. Default 32. */
  batchSize?: number;
  concatenation?: ConcatenationOptions;
  seed?: number;
  skipInvalid?: boolean;
  print: (line: string) => void;
  /** Steps done of so many, or of unknown many. */
  onProgress?: (what: string, done: number, total?: number) => void;
}

/** What one way of making batches gives. */
interface Way {
  name: string;
  examples: number;
  /** Mean seconds of an example. */
  mean: number;
  padding: number;
  batches: number;
}

/** Of all clips; times in seconds. */
interface Totals {
  clips: number;
  seconds: number;
  longest: number;
}

/** Clips up to which all is planned in memory. */
const IN_MEMORY = 4_000_000;

/** `attune data plan`: what duration buckets and concatenation will give, before any audio is touched. */
export async function planCommand(options: PlanOptions): Promise<void> {
  const { paths, print, onProgress, ranks = 1, concatenation = {} } = options;
  const manifest = paths.length === 1 ? manifestAt(paths[0]!) : undefined;
  if (manifest && options.manifest) throw new Error(`--manifest: ${paths[0]} is a manifest already`);
  if (manifest && manifest.rows > IN_MEMORY) {
    if (options.out)
      throw new Error(`--out: ${manifest.rows} clips are planned block by block, in training; leave it out`);
    const { binMs, counts } = manifest.header.histogram;
    const histogram = { milliseconds: counts.map((_, i) => (i + 1) * binMs), counts };
    const ways = [plain(histogram, manifest.rows, options), ...shardedWays(manifest, options)];
    const totals = {
      clips: manifest.rows,
      seconds: manifest.seconds,
      longest: manifest.header.histogram.longestMs / 1000,
    };
    printReport(`${paths[0]}, rank 0 of ${ranks}`, totals, ways, options);
    return;
  }
  const clips = manifest
    ? { columns: clipsOfManifest(manifest), skipped: 0 }
    : await readClips(paths, {
        manifest: options.manifest,
        skipInvalid: options.skipInvalid,
        onProgress: (rows) => onProgress?.('reading', rows),
      });
  const { duration } = clips.columns;
  const histogram = countDurations(duration);
  const totals = { clips: duration.length, seconds: 0, longest: 0 };
  for (const ms of duration) {
    totals.seconds += ms / 1000;
    totals.longest = Math.max(totals.longest, ms / 1000);
  }
  onProgress?.('planning', 0, 2);
  const plan = planConcatenation(clips.columns, concatenation, { seed: options.seed ?? 0 });
  onProgress?.('planning', 1, 2);
  const ways = [plain(histogram, duration.length, options), ...bucketWays(clips.columns, plan, options)];
  onProgress?.('planning', 2, 2);
  printReport(paths.join(', '), totals, ways, options);
  const { skipped, perBucket, filled } = plan.summary();
  const bucket = concatenation.bucketSeconds ?? 5;
  print(
    `examples by length: ${perBucket.map((count, i) => `${i * bucket}-${(i + 1) * bucket} s ${whole(count)}`).join(', ')}`,
  );
  if (concatenation.strategy !== 'balanced')
    print(
      `${percent(filled)} of the examples have at least ${concatenation.minimum ?? (concatenation.maximum ?? 30) * (5 / 6)} s`,
    );
  if (skipped > 0)
    print(`left out ${whole(skipped)} clips that are longer than ${concatenation.maximum ?? 30} s`);
  if (clips.skipped > 0) print(`left out ${whole(clips.skipped)} rows without a valid duration`);
  if (options.manifest) print(`wrote the manifest ${options.manifest}`);
  if (options.out) {
    const { tableToIPC } = await import('apache-arrow');
    writeFileSync(options.out, tableToIPC(await plan.toArrow(), 'file'));
    print(`wrote ${whole(plan.length)} examples to ${options.out}`);
  }
}

/** Batches of a fixed number of clips in random order: the longest of n draws from the distribution, in the mean. */
function plain(
  { milliseconds, counts }: DurationCounts,
  clips: number,
  { batchSize = 32, ranks = 1 }: PlanOptions,
): Way {
  let [below, sum, longest] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    sum += counts[i]! * milliseconds[i]!;
    const above = below + counts[i]!;
    longest += milliseconds[i]! * ((above / clips) ** batchSize - (below / clips) ** batchSize);
    below = above;
  }
  return {
    name: `${batchSize} clips at random`,
    examples: clips,
    mean: sum / clips / 1000,
    padding: 1 - sum / clips / longest,
    batches: Math.ceil(clips / batchSize / ranks),
  };
}

function bucketWays({ duration }: ClipColumns, plan: ConcatenationPlan, options: PlanOptions): Way[] {
  const { overlong, maximum = 30 } = options.concatenation ?? {};
  const kept = overlong === 'skip' ? duration.filter((ms) => ms <= maximum * 1000) : duration;
  return [
    bucketWay('duration buckets', kept, options),
    bucketWay(`concatenated, ${options.concatenation?.strategy ?? 'knapsack'}`, plan.lengths, options),
  ];
}

/** One epoch of duration buckets over lengths in milliseconds. */
function bucketWay(
  name: string,
  lengths: Uint32Array,
  { budget = 600, quadratic, ranks = 1, seed = 0 }: PlanOptions,
): Way {
  const sampler = new DurationBucketSampler({
    durations: Float64Array.from(lengths, (ms) => ms / 1000),
    budget,
    seed,
    rank: 0,
    ranks,
    ...(quadratic === undefined ? {} : { quadratic }),
  });
  const tally = new Tally();
  for (const batch of sampler) tally.add(batch.map((i) => lengths[i]!));
  return { name, ...tally.result(), examples: lengths.length };
}

function shardedWays(manifest: Manifest, options: PlanOptions): Way[] {
  const { budget = 600, quadratic, ranks = 1, seed = 0, concatenation = {}, onProgress } = options;
  const { maximum = 30, overlong = 'error', strategy = 'knapsack' } = concatenation;
  const common = {
    manifest,
    budget,
    seed,
    rank: 0,
    ranks,
    ...(quadratic === undefined ? {} : { quadratic }),
  };
  return [
    ['duration buckets', { maximum, overlong: overlong === 'error' ? 'error' : 'skip' }] as const,
    [`concatenated, ${strategy}`, { concatenation }] as const,
  ].map(([name, more]) => {
    const sampler = new ShardedSampler({ ...common, ...more });
    const tally = new Tally();
    for (const batch of sampler) {
      tally.add(batch.map(({ length }) => length));
      if (tally.batches % 1000 === 0) onProgress?.(name, tally.batches, sampler.stepsPerEpoch);
    }
    return { name, ...tally.result() };
  });
}

/** Adds up batches, each padded to its longest. */
class Tally {
  batches = 0;
  #examples = 0;
  #real = 0;
  #padded = 0;

  add(lengths: readonly number[]): void {
    let longest = 0;
    for (const length of lengths) {
      this.#real += length;
      if (length > longest) longest = length;
    }
    this.batches++;
    this.#examples += lengths.length;
    this.#padded += longest * lengths.length;
  }

  result(): Omit<Way, 'name'> {
    return {
      examples: this.#examples,
      mean: this.#real / Math.max(1, this.#examples) / 1000,
      padding: this.#padded === 0 ? 0 : 1 - this.#real / this.#padded,
      batches: this.batches,
    };
  }
}

function printReport(title: string, totals: Totals, ways: readonly Way[], { print }: PlanOptions): void {
  const { clips, seconds, longest } = totals;
  print(
    `${title}: ${whole(clips)} clips, ${(seconds / 3600).toFixed(1)} hours, ${(seconds / clips).toFixed(2)} s on average, ` +
      `at most ${longest.toFixed(2)} s`,
  );
  const table = [
    ['', 'examples', 'mean', 'padding', 'batches per rank'],
    ...ways.map(({ name, examples, mean, padding, batches }) => [
      name,
      whole(examples),
      `${mean.toFixed(2)} s`,
      percent(padding),
      whole(batches),
    ]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table)
    print(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
