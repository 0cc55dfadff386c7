import { collate, collatePacked, lengthBuckets } from '@attune/data';
import type { MicroBatch } from '../loop/micro-batch.ts';
import type { ReferenceLogProbs } from '../loop/reference.ts';
import type { EncodedExample, OfflineKind } from './encode.ts';

/** How examples become micro-batches. */
export interface BatchOptions {
  kind: OfflineKind;
  padId: number;
  /** Longest row. */
  maxLength: number;
  /** Examples per micro-batch. */
  micro: number;
  packing: boolean;
  /** Log-probabilities of the reference for each sequence of an example, aligned with its labels. */
  reference?: ReferenceLogProbs;
}

/**
 * Cuts one step's examples into micro-batches. Examples of like length stand together, so that little is padded;
 * that changes no example's loss, nor the step's, which divides by totals over all of them.
 */
export function makeMicroBatches(examples: readonly EncodedExample[], options: BatchOptions): MicroBatch[] {
  const sorted = [...examples].sort((a, b) => longest(b) - longest(a));
  const batches: MicroBatch[] = [];
  for (let at = 0; at < sorted.length; at += options.micro) {
    batches.push(makeMicroBatch(sorted.slice(at, at + options.micro), options));
  }
  return batches;
}

/** One micro-batch: for pairs all chosen sequences first, then all rejected ones. */
function makeMicroBatch(examples: readonly EncodedExample[], options: BatchOptions): MicroBatch {
  const layout = { padId: options.padId, buckets: lengthBuckets(options.maxLength) };
  const rows = options.packing
    ? examples.map(({ sequences }) => sequences)
    : inRows(examples, ({ sequences }) => sequences).map((sequence) => [sequence]);
  const tokens = options.packing
    ? collatePacked(rows, layout)
    : collate(
        rows.map(([sequence]) => sequence!),
        layout,
      );
  const batch: MicroBatch = {
    ...tokens,
    rows,
    tokens: tokens.mask.reduce((sum, value) => sum + value, 0),
    inputTokens: rows.flat().reduce((sum, { ids }) => sum + ids.length - 1, 0),
    examples: options.packing
      ? examples.reduce((sum, { sequences }) => sum + sequences.length, 0)
      : examples.length,
    names: examples.map(({ name }) => name),
  };
  if (options.reference) batch.refLogProbs = alignRows(inRows(examples, options.reference), batch);
  if (options.kind === 'unpaired')
    batch.desirable = Float32Array.from(examples, ({ desirable }) => desirable!);
  return batch;
}

/** Parts of examples in the order of a batch's rows: every example's first part, then every second. */
export function inRows<E, T>(examples: readonly E[], partsOf: (example: E) => readonly T[]): T[] {
  const parts = examples.map(partsOf);
  return [0, 1].flatMap((which) => parts.flatMap((own) => (which in own ? [own[which]!] : [])));
}

/** Values of each position of each row, padded with 0 to `[batch, seq]`. */
export function alignRows(
  rows: readonly Float32Array[],
  { batch, seq }: { batch: number; seq: number },
): Float32Array {
  const out = new Float32Array(batch * seq);
  for (const [i, row] of rows.entries()) out.set(row, i * seq);
  return out;
}

function longest({ sequences }: EncodedExample): number {
  return Math.max(...sequences.map(({ ids }) => ids.length));
}
