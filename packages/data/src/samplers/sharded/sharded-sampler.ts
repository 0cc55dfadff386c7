import {
  type ConcatenationOptions,
  type ResolvedConcatenation,
  resolveConcatenation,
} from '../../concat/options.ts';
import { planClips } from '../../concat/plan-clips.ts';
import { Manifest } from '../../manifest/manifest.ts';
import { mix, permutation } from '../../permutation.ts';
import { type BatchCost, countDurations, type DurationCounts } from '../bucket-bins.ts';
import { checkInteger, EpochSampler, type EpochSamplerOptions, type Settings } from '../epoch-sampler.ts';
import { firstAbove } from '../search.ts';
import { Block, GatheredClips, type PlannedExample } from './block.ts';
import { ownedChunks, Part } from './part.ts';
import { makeSchedule, type Schedule } from './schedule.ts';

/** Rows of a block. */
const BLOCK_ROWS = 32768;

/** How `ShardedSampler` makes batches. */
export interface ShardedSamplerOptions extends Omit<EpochSamplerOptions, 'tail'>, BatchCost {
  /** A manifest, or its folder. */
  manifest: Manifest | string;
  /** What a batch may cost, in seconds of its bucket's edge; see `quadratic`. */
  budget: number;
  /** Merge clips into longer examples. Default: each clip is an example. */
  concatenation?: ConcatenationOptions;
  /** Without concatenation: seconds of the longest clip. Default: that of the manifest. */
  maximum?: number;
  /** Without concatenation: what to do with longer clips. Default `error`. */
  overlong?: 'error' | 'skip';
  /** Buckets of about equal cost, estimated from the manifest's sample. Default 16. */
  buckets?: number;
  /** Rows that are planned together. More mix better and balance better; fewer resume sooner. Default 32768. */
  blockRows?: number;
  /** Largest number of examples in a batch. */
  maxBatch?: number;
}

/**
 * Batches from a manifest of any size, for any number of ranks, in constant memory. A rank reads only its shards. An
 * epoch deals their chunks to blocks (each a fair sample of the rank's data); a block is read, merged, sorted by length
 * and cut into steps when its turn comes. The steps are the same on every rank: as many, each in the same bucket, with
 * as many examples. Nothing is exchanged between ranks for that: the schedule is a function of what `manifest.json` and
 * its sample say.
 *
 * Any step is a pure function of (settings, epoch, position): resuming reads one block.
 */
export class ShardedSampler extends EpochSampler<PlannedExample> {
  protected readonly kind = 'sharded sampler';
  protected readonly unitsPerRank = 1;
  readonly manifest: Manifest;
  /** Clips that every epoch leaves out, all ranks together, because they are too long. */
  readonly skipped: number;
  /** Batches that exceeded the budget, of the blocks loaded so far: 0 unless ranks hold very different data. */
  overBudget = 0;
  /** Examples given a second time, of the blocks loaded so far, where a rank had too few for a batch. */
  repeated = 0;
  readonly #options: ShardedSamplerOptions;
  readonly #concatenation: ResolvedConcatenation | undefined;
  readonly #singles: ResolvedConcatenation;
  readonly #sample: { counts: DurationCounts; seconds: number };
  readonly #layouts = new Map<number, Layout>();
  readonly #parts = new Map<string, Part>();
  readonly #loaded = new Map<number, { key: string; block: Block }>();

  /** @throws when clips are too long, there are too few chunks for the ranks, or the budget is too small */
  constructor(options: ShardedSamplerOptions) {
    super(options);
    checkInteger(this.kind, 'buckets', options.buckets ?? 16);
    checkInteger(this.kind, 'blockRows', options.blockRows ?? BLOCK_ROWS);
    if (options.quadratic !== undefined && !(options.quadratic > 0))
      throw new Error(`${this.kind}: quadratic must be > 0, found ${options.quadratic}`);
    this.#options = options;
    this.manifest = typeof options.manifest === 'string' ? Manifest.open(options.manifest) : options.manifest;
    if (options.concatenation) this.#concatenation = resolveConcatenation(options.concatenation);
    const longest = Math.ceil(this.manifest.header.histogram.longestMs / 20) / 50;
    this.#singles =
      this.#concatenation ??
      resolveConcatenation({ maximum: options.maximum ?? longest, overlong: options.overlong ?? 'error' });
    const { maximum, overlong } = this.#singles;
    const tooLong = this.manifest.longerThan(maximum);
    if (tooLong > 0 && overlong === 'error')
      throw new Error(
        `${this.kind}: ${tooLong} of ${this.manifest.rows} clips are longer than ${maximum / 1000} s, up to ` +
          `${this.manifest.header.histogram.longestMs / 1000}; cut them, raise maximum, or set overlong to 'skip'`,
      );
    this.skipped = overlong === 'skip' ? tooLong : 0;
    this.#sample = this.#planSample();
    this.#layout(this.ranks);
  }

  /** Upper edges in seconds of the buckets that batches are padded to. */
  get edges(): number[] {
    return this.#layout(this.ranks).schedules[0]!.edges.map((edge) => edge / 1000);
  }

  /** Steps of an epoch on every rank. */
  get stepsPerEpoch(): number {
    return this.#layout(this.ranks).ends.at(-1)!;
  }

  protected settings(): Settings {
    const { budget, quadratic, buckets, blockRows, maxBatch } = this.#options;
    return {
      manifest: this.manifest.hash,
      budget,
      quadratic: quadratic ?? 0,
      buckets: buckets ?? 16,
      blockRows: blockRows ?? BLOCK_ROWS,
      maxBatch: maxBatch ?? 0,
      concatenation: this.#concatenation ? JSON.stringify(this.#concatenation) : 'none',
      maximum: this.#singles.maximum,
      overlong: this.#singles.overlong,
    };
  }

  protected units(_epoch: number, ranks: number): number {
    return this.#layout(ranks).ends.at(-1)! * ranks;
  }

  protected unit(epoch: number, index: number, ranks: number): PlannedExample[] {
    const { ends, schedules } = this.#layout(ranks);
    const stream = index % ranks;
    const step = Math.floor(index / ranks);
    const number = firstAbove(ends, step);
    const schedule = schedules[number]!;
    const block = this.#load(epoch, stream, ranks, number, schedule);
    const order = permutation(schedule.steps, mix(this.seed, 0x57e9), epoch * 2 ** 20 + number);
    return block.step(order(step - (ends[number - 1] ?? 0)));
  }

  #load(epoch: number, stream: number, ranks: number, number: number, schedule: Schedule): Block {
    const key = `${epoch} ${ranks} ${number}`;
    const loaded = this.#loaded.get(stream);
    if (loaded?.key === key) return loaded.block;
    // Other ranks' blocks are held only while an epoch that began with another number of ranks is finished.
    if (ranks === this.ranks) this.#loaded.clear();
    const chunks = this.#part(stream, ranks).chunks(this.seed, epoch, number);
    const seed = mix(mix(mix(mix(0xb10c, this.seed), epoch), stream), number);
    const block = new Block(this.manifest, chunks, this.#concatenation, this.#singles, schedule, seed);
    this.overBudget += block.overBudget;
    this.repeated += block.emptySteps;
    this.#loaded.set(stream, { key, block });
    return block;
  }

  #part(rank: number, ranks: number): Part {
    const key = `${rank} ${ranks}`;
    let part = this.#parts.get(key);
    if (!part) {
      part = new Part(this.manifest, rank, ranks, this.#layout(ranks).ends.length);
      this.#parts.set(key, part);
    }
    return part;
  }

  /** The steps of an epoch's blocks: a function of the manifest and the number of ranks, equal on all of them. */
  #layout(ranks: number): Layout {
    const known = this.#layouts.get(ranks);
    if (known) return known;
    const { budget, buckets = 16, blockRows = BLOCK_ROWS, quadratic, maxBatch } = this.#options;
    let most = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let rank = 0; rank < ranks; rank++) {
      const { count } = ownedChunks(this.manifest, rank, ranks);
      if (count === 0)
        throw new Error(
          `${this.kind}: ${ranks} ranks for ${this.manifest.chunks} chunks of ${this.manifest.header.chunkRows} rows; ` +
            'write the manifest with smaller chunks (chunkRows), or use DurationBucketSampler for a set this small',
        );
      most = Math.max(most, count);
      least = Math.min(least, count);
    }
    const wanted = Math.round((most * this.manifest.header.chunkRows) / blockRows);
    // Every block of every rank has a chunk at least.
    const blocks = Math.max(1, Math.min(wanted, least));
    const longest = this.#singles.overlong === 'alone' ? this.manifest.header.histogram.longestMs : 0;
    const bySize = new Map<number, Schedule>();
    const schedules: Schedule[] = [];
    const ends: number[] = [];
    for (let block = 0; block < blocks; block++) {
      const chunks = Math.floor(most / blocks) + (block < most % blocks ? 1 : 0);
      let schedule = bySize.get(chunks);
      if (!schedule) {
        const seconds = (chunks * this.manifest.seconds) / this.manifest.chunks;
        schedule = makeSchedule(this.#sample.counts, seconds / this.#sample.seconds, {
          budget,
          buckets,
          longest: Math.max(longest, this.#singles.maximum),
          ...(quadratic === undefined ? {} : { quadratic }),
          maxBatch,
        });
        bySize.set(chunks, schedule);
      }
      schedules.push(schedule);
      ends.push((ends.at(-1) ?? 0) + schedule.steps);
    }
    const layout = { schedules, ends };
    this.#layouts.set(ranks, layout);
    return layout;
  }

  /** Lengths that examples will have, and the seconds of the clips in them: exact for single clips, else planned. */
  #planSample(): { counts: DurationCounts; seconds: number } {
    const { maximum, overlong } = this.#singles;
    if (!this.#concatenation) {
      const { binMs, counts } = this.manifest.header.histogram;
      const fitting = counts.map((count, i) => ((i + 1) * binMs <= maximum ? count : 0));
      return {
        counts: { milliseconds: counts.map((_, i) => (i + 1) * binMs), counts: this.#some(fitting) },
        seconds: this.manifest.seconds,
      };
    }
    const clips = new GatheredClips(this.manifest, this.manifest.header.sample.rows);
    for (const chunk of this.manifest.readSample()) clips.add(chunk, 0);
    // What is too long was counted already; a clip of the sample that is alone must not stop the plan either.
    const plan = planClips(
      clips.columns,
      { ...this.#concatenation, overlong: overlong === 'error' ? 'skip' : overlong },
      0x5a11,
    );
    let milliseconds = 0;
    for (const duration of clips.columns.duration) milliseconds += duration;
    const counts = countDurations(plan.lengths);
    return { counts: { ...counts, counts: this.#some(counts.counts) }, seconds: milliseconds / 1000 };
  }

  /** @throws when there is no example */
  #some<T extends ArrayLike<number>>(counts: T): T {
    for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) return counts;
    throw new Error(
      `${this.kind}: no clip is short enough for a maximum of ${this.#singles.maximum / 1000} s`,
    );
  }
}

interface Layout {
  /** Of each block. */
  schedules: Schedule[];
  /** Steps up to the end of each block. */
  ends: number[];
}
