import type { TokenSequence } from './token-sequence.ts';

/** A batch as models take it; all arrays are `[batch, seq]`, row by row. */
export interface TokenBatch {
  batch: number;
  seq: number;
  inputIds: Int32Array;
  /** `labels[b, t]` is the token that follows `inputIds[b, t]`; −100 where that is no target. */
  labels: Int32Array;
  /** 1 where there is a target, else 0. */
  mask: Float32Array;
  /** Packed batches: which sequence of its row a token belongs to, from 1; 0 is padding. */
  segmentIds?: Int32Array;
  /** Packed batches: place of a token within its own sequence. */
  positions?: Int32Array;
}

/** How sequences are laid out. */
export interface CollateOptions {
  /** Token that fills rows up; it is never a target and nothing attends to it. */
  padId: number;
  /**
   * Lengths that `seq` may take, ascending: rows are padded to the least that suffices, so that only so many shapes
   * are ever compiled. Default: the longest sequence of the batch.
   */
  buckets?: readonly number[];
  /** Fill up with empty rows to this many, so that a last, smaller batch has the usual shape. Default: no filling. */
  rows?: number;
}

/** Label of positions without a target. */
export const IGNORE_INDEX = -100;

/**
 * Pads sequences on the right into one batch, a sequence a row. A sequence of n tokens takes n − 1 places: its last
 * token is only ever a label.
 *
 * @throws when there are no sequences, or one is longer than the largest bucket
 */
export function collate(sequences: readonly TokenSequence[], options: CollateOptions): TokenBatch {
  return layOut(
    sequences.map((sequence) => [sequence]),
    options,
  );
}

/**
 * As `collate`, with several sequences a row one after the other. `segmentIds` and `positions` keep them apart:
 * packing changes no sequence's loss.
 *
 * @param packed the sequences of each row, e.g. chosen by `pack` from their lengths − 1
 */
export function collatePacked(
  packed: readonly (readonly TokenSequence[])[],
  options: CollateOptions,
): TokenBatch {
  const batch = layOut(packed, options);
  const segmentIds = new Int32Array(batch.batch * batch.seq);
  const positions = new Int32Array(batch.batch * batch.seq);
  for (const [row, sequences] of packed.entries()) {
    let at = row * batch.seq;
    for (const [segment, { ids }] of sequences.entries()) {
      const length = inputLength(ids);
      segmentIds.fill(segment + 1, at, at + length);
      for (let t = 0; t < length; t++) positions[at + t] = t;
      at += length;
    }
  }
  return { ...batch, segmentIds, positions };
}

/**
 * Buckets for sequences of up to `maxLength` places, each about a quarter longer than the one before and a multiple
 * of 8: padding wastes a tenth on average, and there are few shapes to compile.
 */
export function lengthBuckets(maxLength: number, smallest = 32): number[] {
  const buckets: number[] = [];
  for (let length = smallest; length < maxLength; length = Math.ceil((length * 1.25) / 8) * 8)
    buckets.push(length);
  return [...buckets, maxLength];
}

function layOut(
  rows: readonly (readonly TokenSequence[])[],
  { padId, buckets, rows: atLeast = 0 }: CollateOptions,
): TokenBatch {
  if (rows.length === 0) throw new Error('collate: found no sequences');
  const longest = Math.max(1, ...rows.map((row) => row.reduce((sum, { ids }) => sum + inputLength(ids), 0)));
  const seq = buckets ? buckets.find((bucket) => bucket >= longest) : longest;
  if (seq === undefined)
    throw new Error(
      `collate: a row takes ${longest} places, more than the largest bucket ${buckets!.at(-1)}`,
    );
  const batch = Math.max(rows.length, atLeast);
  const inputIds = new Int32Array(batch * seq).fill(padId);
  const labels = new Int32Array(batch * seq).fill(IGNORE_INDEX);
  const mask = new Float32Array(batch * seq);
  for (const [row, sequences] of rows.entries()) {
    let at = row * seq;
    for (const sequence of sequences) {
      for (let t = 0; t < inputLength(sequence.ids); t++, at++) {
        inputIds[at] = sequence.ids[t]!;
        if (sequence.mask[t + 1] !== 1) continue;
        labels[at] = sequence.ids[t + 1]!;
        mask[at] = 1;
      }
    }
  }
  return { batch, seq, inputIds, labels, mask };
}

function inputLength(ids: Int32Array): number {
  return Math.max(ids.length - 1, 0);
}
