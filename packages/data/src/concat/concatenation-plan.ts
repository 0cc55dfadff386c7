import type { Table } from 'apache-arrow';
import { mix } from '../permutation.ts';
import type { ClipColumns } from './group-clips.ts';
import { type ConcatenationOptions, type ResolvedConcatenation, resolveConcatenation } from './options.ts';
import { type ClipPlan, planClips } from './plan-clips.ts';

/** One merged example. Times in milliseconds. */
export interface MergedExample {
  /** Clips, in the order in which they are heard. */
  clips: number[];
  /** When each begins; between the end of one and the start of the next lies the gap. */
  starts: number[];
  /** Of the whole, with gaps and padding. */
  length: number;
}

/** What a plan gives. */
export interface PlanSummary {
  clips: number;
  examples: number;
  /** Clips left out because they exceed the maximum. */
  skipped: number;
  /** Hours of clips. */
  hours: number;
  /** Mean seconds of a clip, and of an example. */
  meanClip: number;
  meanExample: number;
  /** Share of examples of at least `minimum`. */
  filled: number;
  /** Examples in each bucket of `bucketSeconds`, from 0 to `maximum`. */
  perBucket: number[];
}

/** Which plan of many: each epoch has its own. */
export interface PlanSeed {
  /** Default 0. */
  seed?: number;
  /** Default 0. */
  epoch?: number;
}

/**
 * Plans which clips are merged into which example, from their durations alone: no audio is touched. The same clips,
 * options, seed and epoch give the same plan.
 *
 * ```ts
 * const plan = planConcatenation({ duration: Uint32Array.of(4200, 9100, 15800) }, { gap: 0.2 });
 * plan.at(0); // { clips: [1, 0, 2], starts: [0, 9300, 13700], length: 29500 }
 * ```
 *
 * @param columns milliseconds of each clip, and what keeps clips apart; see `ConcatenationOptions.across`
 * @throws when a duration is 0, or longer than the maximum (see `overlong`), or columns differ in length
 */
export function planConcatenation(
  columns: ClipColumns,
  options: ConcatenationOptions = {},
  { seed = 0, epoch = 0 }: PlanSeed = {},
): ConcatenationPlan {
  const resolved = resolveConcatenation(options);
  for (const [name, column] of Object.entries(columns))
    if (column && column.length !== columns.duration.length)
      throw new Error(
        `concatenation: ${name} must have ${columns.duration.length} values like duration, found ${column.length}`,
      );
  columns.duration.forEach((ms, clip) => {
    if (ms === 0) throw new Error(`concatenation: clip ${clip} has no length; leave it out of the plan`);
  });
  const plan = planClips(columns, resolved, mix(mix(0xc0ca, seed), epoch));
  return new ConcatenationPlan(plan, columns.duration, resolved);
}

/** Merged examples in flat arrays, read one at a time or as an Arrow table. */
export class ConcatenationPlan {
  readonly #plan: ClipPlan;
  readonly #durations: Uint32Array;
  readonly #options: ResolvedConcatenation;

  constructor(plan: ClipPlan, durations: Uint32Array, options: ResolvedConcatenation) {
    this.#plan = plan;
    this.#durations = durations;
    this.#options = options;
  }

  /** Number of examples. */
  get length(): number {
    return this.#plan.lengths.length;
  }

  /** Milliseconds of each example. */
  get lengths(): Uint32Array {
    return this.#plan.lengths;
  }

  /** @throws when there is no such example */
  at(example: number): MergedExample {
    if (!(Number.isInteger(example) && example >= 0 && example < this.length))
      throw new RangeError(`example must be an integer in [0, ${this.length}), found ${example}`);
    const { clips, offsets, lengths, leads } = this.#plan;
    const merged: MergedExample = { clips: [], starts: [], length: lengths[example]! };
    let start = leads?.[example] ?? 0;
    for (let place = offsets[example]!; place < offsets[example + 1]!; place++) {
      const clip = clips[place]!;
      merged.clips.push(clip);
      merged.starts.push(start);
      start += this.#durations[clip]! + this.#options.gap;
    }
    return merged;
  }

  /** What the plan gives, in numbers. */
  summary(): PlanSummary {
    const { lengths, skipped } = this.#plan;
    const { minimum, maximum, bucket } = this.#options;
    const perBucket = new Array<number>(Math.ceil(maximum / bucket)).fill(0);
    let [milliseconds, total, filled] = [0, 0, 0];
    for (const clip of this.#used()) milliseconds += this.#durations[clip]!;
    for (const length of lengths) {
      total += length;
      if (length >= minimum) filled++;
      perBucket[Math.min(perBucket.length, Math.ceil(length / bucket)) - 1]!++;
    }
    const count = this.#used().length;
    return {
      clips: count,
      examples: lengths.length,
      skipped,
      hours: milliseconds / 3.6e6,
      meanClip: milliseconds / 1000 / Math.max(1, count),
      meanExample: total / 1000 / Math.max(1, lengths.length),
      filled: filled / Math.max(1, lengths.length),
      perBucket,
    };
  }

  /** Columns `clips` and `starts` (lists of uint32, times in milliseconds) and `length`; the arrays are shared. */
  async toArrow(): Promise<Table> {
    const { Field, List, makeData, makeVector, Table, Uint32, Vector } = await import('apache-arrow');
    const { offsets, lengths } = this.#plan;
    const clips = this.#used();
    const starts = new Uint32Array(clips.length);
    for (let example = 0; example < this.length; example++)
      starts.set(this.at(example).starts, offsets[example]!);
    const list = (values: Uint32Array) =>
      new Vector([
        makeData({
          type: new List(new Field('item', new Uint32(), false)),
          length: this.length,
          nullCount: 0,
          valueOffsets: Int32Array.from(offsets),
          child: makeData({ type: new Uint32(), length: values.length, nullCount: 0, data: values }),
        }),
      ]);
    return new Table({ clips: list(clips), starts: list(starts), length: makeVector(lengths) });
  }

  #used(): Uint32Array {
    return this.#plan.clips.subarray(0, this.#plan.offsets[this.length]);
  }
}
