import { type ClipColumns, groupClips } from './group-clips.ts';
import { LengthIndex } from './length-index.ts';
import type { ResolvedConcatenation } from './options.ts';
import { Random } from './random.ts';

/** Examples as places in flat arrays: what the planner makes, and all that it needs memory for. */
export interface ClipPlan {
  /** Clips, example after example. */
  clips: Uint32Array;
  /** Where each example begins in `clips`, and the end of the last. */
  offsets: Uint32Array;
  /** Milliseconds of each example, gaps and padding included. */
  lengths: Uint32Array;
  /** Milliseconds of silence before the first clip of each example; left out when there is none anywhere. */
  leads?: Uint32Array;
  /** Clips left out because they exceed the maximum. */
  skipped: number;
}

/**
 * Merges clips into examples without touching audio. Linear in the number of clips.
 *
 * Within a group, clips come in random order. An example begins with the next one, takes further ones while they fit
 * and it is short of its minimum, and is then topped up with the longest clips that still fit.
 *
 * @param seed the same seed, clips and options give the same plan
 * @throws when a clip exceeds the maximum and `overlong` is `error`
 */
export function planClips(columns: ClipColumns, options: ResolvedConcatenation, seed: number): ClipPlan {
  const { duration } = columns;
  const { maximum, gap, overlong } = options;
  const random = new Random(seed);
  const order = new Uint32Array(duration.length);
  let count = 0;
  const alone: number[] = [];
  let skipped = 0;
  for (let clip = 0; clip < duration.length; clip++) {
    if (duration[clip]! <= maximum) order[count++] = clip;
    else if (overlong === 'alone') alone.push(clip);
    else if (overlong === 'skip') skipped++;
    else throw new Error(overlongMessage(clip, duration[clip]!, maximum));
  }
  const shuffled = order.subarray(0, count);
  random.shuffle(shuffled);
  const groups = groupClips(shuffled, columns, options);

  const clips = new Uint32Array(count + alone.length);
  const offsets = new Uint32Array(count + alone.length + 1);
  const lengths = new Uint32Array(count + alone.length);
  const targets = new Targets(options);
  const index = new LengthIndex(duration.length, maximum);
  const used = new Uint8Array(duration.length);
  let placed = 0;
  let examples = 0;

  for (let group = 0; group + 1 < groups.starts.length; group++) {
    const [from, to] = [groups.starts[group]!, groups.starts[group + 1]!];
    for (let i = to - 1; i >= from; i--) index.add(groups.order[i]!, duration[groups.order[i]!]!);
    let next = from;
    for (;;) {
      while (next < to && used[groups.order[next]!]) next++;
      if (next === to) break;
      let clip = groups.order[next]!;
      let total = duration[clip]!;
      const target = targets.choose(total);
      for (;;) {
        used[clip] = 1;
        index.remove(clip);
        clips[placed++] = clip;
        const room = target.maximum - total - gap;
        if (room <= 0) break;
        let candidate = -1;
        if (total < target.minimum) {
          while (next < to && used[groups.order[next]!]) next++;
          if (next < to && duration[groups.order[next]!]! <= room) candidate = groups.order[next]!;
        }
        if (candidate < 0) candidate = index.longest(room);
        if (candidate < 0) break;
        clip = candidate;
        total += gap + duration[clip]!;
      }
      targets.add(total);
      lengths[examples] = total;
      offsets[++examples] = placed;
    }
  }
  for (const clip of alone) {
    clips[placed++] = clip;
    lengths[examples] = duration[clip]!;
    offsets[++examples] = placed;
  }
  const plan: ClipPlan = {
    clips,
    offsets: offsets.subarray(0, examples + 1),
    lengths: lengths.subarray(0, examples),
    skipped,
  };
  if (options.randomPadding > 0) plan.leads = pad(plan.lengths, options, random);
  return plan;
}

/** Which range an example is to be filled to. */
class Targets {
  readonly #fixed: { minimum: number; maximum: number } | undefined;
  readonly #ranges: { minimum: number; maximum: number }[] = [];
  readonly #counts: number[] = [];
  readonly #bucket: number;

  constructor({ strategy, minimum, maximum, bucket }: ResolvedConcatenation) {
    this.#bucket = bucket;
    if (strategy === 'knapsack') this.#fixed = { minimum, maximum };
    for (let edge = bucket; edge - bucket < maximum; edge += bucket) {
      this.#ranges.push({ minimum: edge - bucket, maximum: Math.min(edge, maximum) });
      this.#counts.push(0);
    }
  }

  /** The range for an example that begins with a clip of this length: the emptiest bucket that can hold it. */
  choose(length: number): { minimum: number; maximum: number } {
    if (this.#fixed) return this.#fixed;
    let best = Math.ceil(length / this.#bucket) - 1;
    for (let bucket = best + 1; bucket < this.#counts.length; bucket++)
      if (this.#counts[bucket]! < this.#counts[best]!) best = bucket;
    return this.#ranges[best]!;
  }

  add(length: number): void {
    if (!this.#fixed) this.#counts[Math.ceil(length / this.#bucket) - 1]!++;
  }
}

/** Lengthens some examples by silence, of which a random part comes first. @returns that part for each */
function pad(lengths: Uint32Array, { maximum, randomPadding }: ResolvedConcatenation, random: Random) {
  const leads = new Uint32Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) {
    const room = maximum - lengths[i]!;
    if (room <= 0 || random.unit() >= randomPadding) continue;
    const silence = random.below(room + 1);
    leads[i] = random.below(silence + 1);
    lengths[i]! += silence;
  }
  return leads;
}

function overlongMessage(clip: number, found: number, maximum: number): string {
  return (
    `concatenation: clip ${clip} has ${found / 1000} s, more than the maximum of ${maximum / 1000} s; ` +
    "cut it (segmentSpeech), raise maximum, or set overlong to 'skip' or 'alone'"
  );
}
