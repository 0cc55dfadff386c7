import { statSync } from 'node:fs';
import type { Training, TrainOptions } from '../train/training.ts';
import { type PackedWords, WordCounts } from '../train/word-counts.ts';
import type { Chunk } from './count-chunk.ts';
import { countingPool } from './counting-pool.ts';
import { fileChunks, textChunks } from './text-chunks.ts';

/** How far the counting has come. */
export interface TrainProgress {
  /** Bytes of files, or code units of texts, counted. */
  counted: number;
  /** Of how many; undefined where that is not known. */
  total: number | undefined;
  /** Distinct words so far. */
  words: number;
}

export interface ParallelTrainOptions extends TrainOptions {
  /** Threads that count words. The result is the same whatever their number. Default 1: this thread. */
  threads?: number;
  onProgress?: (progress: TrainProgress) => void;
}

/**
 * Trains on files of any size, which are read in pieces; each line is a text. `-` is the standard input.
 * @param training `bpeTraining(...)`, `unigramTraining(...)` ...
 * @throws where a file cannot be read
 */
export async function trainFiles<T>(
  files: readonly string[],
  training: Training<T>,
  options: ParallelTrainOptions = {},
): Promise<T> {
  const sizes = files.map((file) => (file === '-' ? undefined : statSync(file).size));
  const total = sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  const chunks = function* () {
    for (const file of files) for (const chunk of fileChunks(file)) yield { chunk, length: chunk.length };
  };
  return training.learn(await countChunks(chunks(), training, options, total));
}

/** Trains on texts from anywhere, which are read once and not kept. */
export async function trainTexts<T>(
  texts: AsyncIterable<string> | Iterable<string>,
  training: Training<T>,
  options: ParallelTrainOptions = {},
): Promise<T> {
  const chunks = async function* () {
    for await (const chunk of textChunks(texts)) {
      yield { chunk, length: chunk.reduce((sum, text) => sum + text.length, 0) };
    }
  };
  return training.learn(await countChunks(chunks(), training, options, undefined));
}

/** Counts chunks on all threads and adds up their words in the order of the chunks. */
async function countChunks(
  chunks: AsyncIterable<{ chunk: Chunk; length: number }> | Iterable<{ chunk: Chunk; length: number }>,
  training: Training<unknown>,
  { threads = 1, maxWords, onProgress }: ParallelTrainOptions,
  total: number | undefined,
): Promise<WordCounts> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new Error(`training: threads must be an integer >= 1, found ${threads}`);
  }
  const words = new WordCounts(maxWords);
  const pool = countingPool(training.counter, threads);
  const pending: { words: Promise<PackedWords>; length: number }[] = [];
  let counted = 0;
  const takeFirst = async () => {
    const first = pending.shift()!;
    words.addPacked(await first.words);
    words.prune();
    counted += first.length;
    onProgress?.({ counted, total, words: words.size });
  };
  try {
    for await (const { chunk, length } of chunks) {
      const counting = pool.count(chunk);
      // A failure is reported where its turn comes.
      counting.catch(() => {});
      pending.push({ words: counting, length });
      if (pending.length >= pool.window) await takeFirst();
    }
    while (pending.length > 0) await takeFirst();
  } finally {
    await pool.end();
  }
  return words;
}
