import type { ClipColumns } from '../../concat/group-clips.ts';
import type { ResolvedConcatenation } from '../../concat/options.ts';
import { type ClipPlan, planClips } from '../../concat/plan-clips.ts';
import type { ChunkBuffer } from '../../manifest/chunk-buffer.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { bucketOfStep, fillSchedule, type Schedule } from './schedule.ts';

/** Columns that keep clips apart. */
const KEYS = ['language', 'region', 'speaker'] as const;

/** The columns of several chunks as one. */
export class GatheredClips {
  readonly columns: ClipColumns;
  /** Each clip's row in the manifest. */
  readonly rows: Uint32Array;
  #used = 0;

  constructor(manifest: Manifest, rows: number) {
    this.rows = new Uint32Array(rows);
    this.columns = { duration: new Uint32Array(rows) };
    for (const key of KEYS) if (manifest.has(key)) this.columns[key] = new Uint32Array(rows);
  }

  add(chunk: ChunkBuffer, firstRow: number): void {
    for (const key of ['duration', ...KEYS] as const) {
      const column = this.columns[key] as Uint32Array | undefined;
      column?.set(chunk.columns[key]!, this.#used);
    }
    for (let i = 0; i < chunk.rows; i++) this.rows[this.#used + i] = firstRow + i;
    this.#used += chunk.rows;
  }
}

/** A block of a rank's clips, merged into examples and cut into steps. */
export class Block {
  readonly #rows: Uint32Array;
  readonly #durations: Uint32Array;
  readonly #plan: ClipPlan;
  readonly #gap: number;
  /** Examples from long to short, and where each step begins among them. */
  readonly #order: Uint32Array;
  readonly #cuts: Uint32Array;
  readonly #schedule: Schedule;

  constructor(
    manifest: Manifest,
    chunks: readonly number[],
    concatenation: ResolvedConcatenation | undefined,
    singles: ResolvedConcatenation,
    schedule: Schedule,
    seed: number,
  ) {
    const rows = chunks.reduce((sum, chunk) => sum + manifest.chunkRange(chunk).rows, 0);
    const clips = new GatheredClips(manifest, rows);
    for (const chunk of chunks) clips.add(manifest.readChunk(chunk), manifest.chunkRange(chunk).first);
    this.#rows = clips.rows;
    this.#durations = clips.columns.duration;
    this.#gap = concatenation?.gap ?? 0;
    this.#plan = concatenation
      ? planClips(clips.columns, concatenation, seed)
      : singleClips(clips.columns.duration, singles);
    this.#order = longestFirst(this.#plan.lengths);
    this.#schedule = schedule;
    this.#cuts = fillSchedule(
      schedule,
      this.#order.map((example) => this.#plan.lengths[example]!),
    );
  }

  /** Steps with more examples than the budget allows: the block has more long ones than the manifest let expect. */
  get overBudget(): number {
    let over = 0;
    for (let step = 0; step < this.#schedule.steps; step++) {
      const most = this.#schedule.capacities[bucketOfStep(this.#schedule, step)]!;
      if (this.#cuts[step + 1]! - this.#cuts[step]! > most) over++;
    }
    return over;
  }

  /** The examples of a step, counted from the longest bucket on. */
  step(step: number): PlannedExample[] {
    const { clips, offsets, lengths, leads } = this.#plan;
    const result: PlannedExample[] = [];
    const edge = this.#schedule.edges[bucketOfStep(this.#schedule, step)]!;
    for (let i = this.#cuts[step]!; i < this.#cuts[step + 1]!; i++) {
      const example = this.#order[i]!;
      let start = leads?.[example] ?? 0;
      const planned: PlannedExample = { rows: [], starts: [], length: lengths[example]!, edge };
      for (let place = offsets[example]!; place < offsets[example + 1]!; place++) {
        const clip = clips[place]!;
        planned.rows.push(this.#rows[clip]!);
        planned.starts.push(start);
        start += this.#durations[clip]! + this.#gap;
      }
      result.push(planned);
    }
    return result;
  }
}

/** An example of one or several clips. Times in milliseconds. */
export interface PlannedExample {
  /** Rows of the manifest, in the order in which they are heard. */
  rows: number[];
  /** When each begins. */
  starts: number[];
  /** Of the whole, with gaps and padding. */
  length: number;
  /** Upper edge of the bucket of its batch: the same on every rank, at least `length`. */
  edge: number;
}

/** Each clip an example. */
export function singleClips(durations: Uint32Array, { maximum, overlong }: ResolvedConcatenation): ClipPlan {
  let count = 0;
  const clips = new Uint32Array(durations.length);
  for (let clip = 0; clip < durations.length; clip++)
    if (overlong === 'alone' || durations[clip]! <= maximum) clips[count++] = clip;
  return {
    clips: clips.subarray(0, count),
    offsets: Uint32Array.from({ length: count + 1 }, (_, i) => i),
    lengths: clips.subarray(0, count).map((clip) => durations[clip]!),
    skipped: durations.length - count,
  };
}

/** Bins of the counting sort: a millisecond each up to four minutes. */
const BINS = 2 ** 18;

/** Places by length, descending. */
export function longestFirst(lengths: Uint32Array): Uint32Array {
  let longest = 0;
  for (const length of lengths) if (length > longest) longest = length;
  const width = Math.ceil((longest + 1) / BINS);
  const starts = new Uint32Array(Math.floor(longest / width) + 2);
  for (const length of lengths) starts[Math.floor((longest - length) / width) + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const order = new Uint32Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) order[starts[Math.floor((longest - lengths[i]!) / width)]!++] = i;
  if (width === 1) return order;
  // Bins that are wider leave a little to do, by insertion.
  for (let i = 1; i < order.length; i++) {
    const example = order[i]!;
    let j = i;
    for (; j > 0 && lengths[order[j - 1]!]! < lengths[example]!; j--) order[j] = order[j - 1]!;
    order[j] = example;
  }
  return order;
}
