import type { ClipColumns } from '../../concat/group-clips.ts';
import type { ResolvedConcatenation } from '../../concat/options.ts';
import { type ClipPlan, planClips } from '../../concat/plan-clips.ts';
import type { ChunkBuffer } from '../../manifest/chunk-buffer.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { longestFirst } from './longest-first.ts';
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
    if (this.#order.length === 0)
      throw new Error(
        `${manifest.folder}: ${rows} clips of a block are all too long; use larger blocks (blockRows)`,
      );
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

  /** Steps for which there is no example: they repeat one, so that no rank waits for another. */
  get emptySteps(): number {
    let empty = 0;
    for (let step = 0; step < this.#schedule.steps; step++)
      if (this.#cuts[step] === this.#cuts[step + 1]) empty++;
    return empty;
  }

  /** The examples of a step, counted from the longest bucket on. */
  step(step: number): PlannedExample[] {
    const { clips, offsets, lengths, leads } = this.#plan;
    const result: PlannedExample[] = [];
    const edge = this.#schedule.edges[bucketOfStep(this.#schedule, step)]!;
    const from = this.#cuts[step]!;
    const to = this.#cuts[step + 1]!;
    // Of an empty step: the next shorter example, which fits; of a rank that has none, its shortest.
    const places =
      from < to
        ? Array.from({ length: to - from }, (_, i) => from + i)
        : [Math.min(from, this.#order.length - 1)];
    for (const place of places) {
      const example = this.#order[place]!;
      const length = lengths[example]!;
      let start = leads?.[example] ?? 0;
      const planned: PlannedExample = { rows: [], starts: [], length, edge: Math.max(edge, length) };
      for (let at = offsets[example]!; at < offsets[example + 1]!; at++) {
        const clip = clips[at]!;
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
