import { collate, collatePacked, lengthBuckets, type TokenSequence } from '@attune/data';
import type { MicroBatch } from '../loop/micro-batch.ts';
import type { ReferenceLogProbs } from '../loop/reference.ts';
import type { EncodedExample } from './codec.ts';
import type { OfflineKind } from './encode-examples.ts';

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
  /** Sequences of each example: shorter lists are filled up with empty ones. Default: what the first has. */
  sets?: number;
  /** Whether examples have margins, or weights: a batch then holds them, 0 and 1 where an example has none. */
  margins?: boolean;
  weights?: boolean;
  /** Let the model read the last token as well, so that a scalar head can judge the whole answer. */
  readWhole?: boolean;
}

/**
 * Cuts one step's examples into micro-batches. Answers to one prompt stand together, so that they can share it, and
 * examples of like length, so that little is padded; that changes no example's loss, nor the step's, which divides by
 * totals over all of them.
 */
export function makeMicroBatches(examples: readonly EncodedExample[], options: BatchOptions): MicroBatch[] {
  const sorted = byPrompt([...examples].sort((a, b) => longest(b) - longest(a)));
  const batches: MicroBatch[] = [];
  for (let at = 0; at < sorted.length; at += options.micro) {
    batches.push(makeMicroBatch(sorted.slice(at, at + options.micro), options));
  }
  return batches;
}

/** Answers to one prompt after the first of them; those without a prompt stay where they are. */
function byPrompt(examples: readonly EncodedExample[]): EncodedExample[] {
  const groups = new Map<number | EncodedExample, EncodedExample[]>();
  for (const example of examples) {
    const key = example.prompt ?? example;
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  return [...groups.values()].flat();
}

/** One micro-batch: every example's first sequence, then every second, and so on. */
export function makeMicroBatch(examples: readonly EncodedExample[], options: BatchOptions): MicroBatch {
  const { kind, packing, readWhole = false } = options;
  const layout = { padId: options.padId, buckets: lengthBuckets(options.maxLength) };
  const sets = packing ? 1 : (options.sets ?? examples[0]!.sequences.length);
  const given = (sequence: TokenSequence) => (readWhole ? extended(sequence, options.padId) : sequence);
  const rows = packing
    ? examples.map(({ sequences }) => sequences)
    : inRows(examples, sets, ({ sequences }) => sequences, filler).map((sequence) => [given(sequence)]);
  const tokens = packing
    ? collatePacked(rows, layout)
    : collate(
        rows.map(([sequence]) => sequence!),
        layout,
      );
  // Sequences to compare with carry no loss of their own.
  const carrying = kind === 'unpaired' ? 1 : kind === 'pairwise' ? 2 : sets;
  const batch: MicroBatch = {
    ...tokens,
    rows,
    sets,
    tokens: count(tokens.mask.subarray(0, packing ? undefined : carrying * examples.length * tokens.seq)),
    inputTokens: rows.flat().reduce((sum, { ids }) => sum + ids.length - 1, 0),
    examples: packing ? examples.reduce((sum, { sequences }) => sum + sequences.length, 0) : examples.length,
    names: examples.map(({ name }) => name),
  };
  if (options.reference)
    batch.refLogProbs = alignRows(inRows(examples, sets, options.reference, noNumbers), batch);
  switch (kind) {
    case 'unpaired':
      batch.desirable = Float32Array.from(examples, ({ desirable }) => desirable!);
      if (options.weights) batch.exampleWeights = Float32Array.from(examples, ({ weight = 1 }) => weight);
      break;
    case 'pairwise':
      batch.chosenTokens = count(tokens.mask.subarray(0, examples.length * tokens.seq));
      if (options.margins) batch.margins = Float32Array.from(examples, ({ margin = 0 }) => margin);
      if (examples[0]!.chosenFromReference !== undefined)
        batch.chosenFromReference = Float32Array.from(examples, (e) => Number(e.chosenFromReference));
      break;
    case 'supervised':
      if (options.weights && !packing)
        batch.weights = alignRows(
          examples.map(({ weight = 1, sequences }) =>
            new Float32Array(sequences[0]!.ids.length - 1).fill(weight),
          ),
          batch,
        );
      break;
    case 'listwise':
      addRatings(batch, examples, sets);
      break;
    case 'contrastive':
      // Nothing is predicted.
      batch.labels.fill(-100);
      break;
    case 'stepwise':
      addSteps(batch, examples);
      break;
    default:
  }
  return batch;
}

/** Parts of examples in the order of a batch's rows: every example's first part, then every second. */
export function inRows<E, T>(
  examples: readonly E[],
  sets: number,
  partsOf: (example: E) => readonly T[],
  fill: (parts: readonly T[]) => T,
): T[] {
  const parts = examples.map(partsOf);
  return Array.from({ length: sets }, (_, set) => parts.map((own) => own[set] ?? fill(own))).flat();
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

/** Two tokens without a target, in the place of an answer that a list does not have. */
const filler = ([first]: readonly TokenSequence[]): TokenSequence => ({
  ids: first!.ids.slice(0, 2),
  mask: new Uint8Array(2),
});
const noNumbers = () => new Float32Array(0);

/** One more token, so that the last one is read and not only a label. */
function extended({ ids, mask }: TokenSequence, padId: number): TokenSequence {
  return { ids: Int32Array.from([...ids, padId]), mask: Uint8Array.from([...mask, 0]) };
}

function addRatings(batch: MicroBatch, examples: readonly EncodedExample[], sets: number): void {
  batch.ratings = new Float32Array(examples.length * sets);
  batch.present = new Float32Array(examples.length * sets);
  for (const [i, { ratings = [] }] of examples.entries()) {
    batch.ratings.set(ratings, i * sets);
    batch.present.fill(1, i * sets, i * sets + ratings.length);
  }
}

/** The token at place p of the ids is the label at place p − 1. */
function addSteps(batch: MicroBatch, examples: readonly EncodedExample[]): void {
  batch.stepLabels = new Float32Array(batch.batch * batch.seq);
  batch.stepMask = new Float32Array(batch.batch * batch.seq);
  for (const [i, { steps, sequences }] of examples.entries()) {
    for (let step = 0; step < (steps?.ends.length ?? 0); step++) {
      const end = steps!.ends[step]!;
      if (end >= sequences[0]!.ids.length) continue;
      batch.stepLabels[i * batch.seq + end - 1] = steps!.labels[step]!;
      batch.stepMask[i * batch.seq + end - 1] = 1;
    }
  }
  batch.tokens = count(batch.stepMask);
}

function count(mask: Float32Array): number {
  return mask.reduce((sum, value) => sum + value, 0);
}

function longest({ sequences }: EncodedExample): number {
  return Math.max(...sequences.map(({ ids }) => ids.length));
}
