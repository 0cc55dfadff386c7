import type { ResolvedConcatenation } from './options.ts';

/** Columns of the clips that are planned together, one value for each clip. */
export interface ClipColumns {
  /** Milliseconds, > 0. */
  duration: Uint32Array;
  /** Codes; left out where there is nothing to keep apart. */
  language?: ArrayLike<number>;
  region?: ArrayLike<number>;
  /** 0 = unknown: such a clip stays alone when speakers are kept apart. */
  speaker?: ArrayLike<number>;
}

/** Clips that may be merged, group after group. */
export interface ClipGroups {
  /** Clips in the order given, but group after group. */
  order: Uint32Array;
  /** Where each group begins in `order`, and the end of the last. */
  starts: number[];
}

/**
 * Sorts clips into groups of which nothing may be merged with anything outside: one for each language, region and
 * speaker, as far as the options keep them apart. Keeps the order within a group.
 */
export function groupClips(
  order: Uint32Array,
  columns: ClipColumns,
  { acrossLanguages, acrossSpeakers }: ResolvedConcatenation,
): ClipGroups {
  const language = acrossLanguages ? undefined : columns.language;
  const region = acrossLanguages ? undefined : columns.region;
  const speaker = acrossSpeakers ? undefined : columns.speaker;
  if (!language && !region && !speaker) return { order, starts: [0, order.length] };

  const groups = new Map<number, number>();
  const places = new Map<number, number>();
  const sizes: number[] = [];
  const groupOf = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const clip = order[i]!;
    let key = (language ? language[clip]! : 0) * 65536 + (region ? region[clip]! : 0);
    if (speaker) {
      // Places are numbered as they come, which leaves 32 bits for the speaker.
      let number = places.get(key);
      if (number === undefined) {
        number = places.size;
        places.set(key, number);
      }
      key = number * 2 ** 32 + speaker[clip]!;
    }
    const known = speaker?.[clip] === 0 ? undefined : groups.get(key);
    const group = known ?? sizes.length;
    if (known === undefined) {
      sizes.push(0);
      groups.set(key, group);
    }
    sizes[group]!++;
    groupOf[i] = group;
  }

  const starts = [0];
  for (const size of sizes) starts.push(starts.at(-1)! + size);
  const next = Uint32Array.from(starts);
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) sorted[next[groupOf[i]!]!++] = order[i]!;
  return { order: sorted, starts };
}
