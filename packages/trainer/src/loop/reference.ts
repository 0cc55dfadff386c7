import { existsSync } from 'node:fs';
import { collate, lengthBuckets, type TokenBatch, type TokenSequence } from '@attune/data';
import { type CausalLM, withSafetensors, writeSafetensors } from '@attune/models';
import type { EncodedExample } from '../data/codec.ts';
import { createLogProbs } from './forward.ts';

/** Log-probabilities of a frozen model for each sequence of an example, one for each of its labels. */
export type ReferenceLogProbs = (example: EncodedExample) => readonly Float32Array[];

/** How they are computed. */
export interface ReferenceOptions {
  padId: number;
  maxLength: number;
  /** Sequences per forward pass. */
  micro: number;
  /** Called as it goes, with how many sequences are done. */
  onProgress?: (done: number, all: number) => void;
}

/**
 * Runs the reference model once over offline data: afterwards it needs neither memory nor time. The result is kept in
 * a file, so that a resumed run sees the same bits although its policy has moved on.
 * @param path file to read the result from when it is there, and to write it to when it is not
 * @param model gives the reference model; only called when there is no file
 */
export async function precomputeReference(
  path: string,
  examples: readonly EncodedExample[],
  model: () => CausalLM,
  options: ReferenceOptions,
): Promise<ReferenceLogProbs> {
  const sequences = examples.flatMap((example) => example.sequences);
  let rows: Float32Array[];
  if (existsSync(path)) rows = readRows(path, sequences);
  else {
    const logProbs = createLogProbs(model());
    rows = await labelNumbers(logProbs, sequences, options);
    logProbs.dispose();
    writeRows(path, rows);
  }
  const bySequence = new Map(sequences.map((sequence, i) => [sequence, rows[i]!]));
  return (example) => example.sequences.map((sequence) => bySequence.get(sequence)!);
}

/**
 * One number for each label of each sequence: log-probabilities, or a critic's values.
 * @param logProbs what `createLogProbs` or `createScores` made of the model
 */
export async function labelNumbers(
  logProbs: (batch: TokenBatch) => Promise<Float32Array>,
  sequences: readonly TokenSequence[],
  { padId, maxLength, micro, onProgress }: ReferenceOptions,
): Promise<Float32Array[]> {
  const buckets = lengthBuckets(maxLength);
  // The longest first, so that the rows of a batch are alike.
  const order = sequences
    .map((_, i) => i)
    .sort((a, b) => sequences[b]!.ids.length - sequences[a]!.ids.length);
  const rows: Float32Array[] = [];
  for (let at = 0; at < order.length; at += micro) {
    const chosen = order.slice(at, at + micro);
    const batch = collate(
      chosen.map((i) => sequences[i]!),
      { padId, buckets, rows: micro },
    );
    const values = await logProbs(batch);
    for (const [row, i] of chosen.entries()) {
      rows[i] = values.slice(row * batch.seq, row * batch.seq + sequences[i]!.ids.length - 1);
    }
    onProgress?.(Math.min(at + micro, order.length), order.length);
  }
  return rows;
}

function writeRows(path: string, rows: readonly Float32Array[]): void {
  const values = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    values.set(row, at);
    at += row.length;
  }
  writeSafetensors(path, [{ name: 'log_probs', dtype: 'F32', shape: [values.length], data: () => values }]);
}

function readRows(path: string, sequences: readonly TokenSequence[]): Float32Array[] {
  const values = withSafetensors(path, (file) => file.readFloat32('log_probs'));
  let at = 0;
  const rows = sequences.map(({ ids }) => {
    const row = values.subarray(at, at + ids.length - 1);
    at += ids.length - 1;
    return row;
  });
  if (at !== values.length) {
    throw new Error(
      `${path}: holds ${values.length} log-probabilities, the data wants ${at}; begin anew with --output`,
    );
  }
  return rows;
}
