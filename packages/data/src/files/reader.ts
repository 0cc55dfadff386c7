import type { Row } from '../dataset.ts';

/** Consecutive rows of a file. */
export interface Run {
  rows: Row[];
  /** Where they begin: reading from here gives them again. JSON. */
  at: unknown;
}

/** How rows are read. */
export interface ReadOptions {
  /** Called for each row that cannot be read, which is then left out; without it such a row is an error. */
  onInvalid?: (problem: string) => void;
  /** Plain text: one row `{ text }` for the whole `document` (default) or for each non-empty `line`. */
  sampleBy?: 'document' | 'line';
}

/**
 * Reads a file's rows in order, in runs of about a megabyte.
 *
 * @param from the `at` of a run; default: the beginning of the file
 */
export type Reader = (path: string, options: ReadOptions, from?: unknown) => AsyncGenerator<Run>;
