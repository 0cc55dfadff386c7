import { Worker } from 'node:worker_threads';
import type { WordCounterSpec } from '../train/word-counter.ts';
import type { PackedWords } from '../train/word-counts.ts';
import { type Chunk, chunkCounter } from './count-chunk.ts';

/** Counts chunks, several at a time. */
export interface CountingPool {
  /** Chunks worth having under way at once. */
  readonly window: number;
  count(chunk: Chunk): Promise<PackedWords>;
  end(): Promise<void>;
}

/** @param threads 1 counts in this thread */
export function countingPool(spec: WordCounterSpec, threads: number): CountingPool {
  if (threads > 1) return threadPool(spec, threads);
  const count = chunkCounter(spec);
  return { window: 1, count: async (chunk) => count(chunk), end: async () => {} };
}

// Compiled and not, the worker stands beside this file.
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? 'count-worker.ts' : 'count-worker.js',
  import.meta.url,
);

function threadPool(spec: WordCounterSpec, threads: number): CountingPool {
  const workers = Array.from(
    { length: threads },
    () => new CountingThread(new Worker(WORKER, { workerData: spec })),
  );
  let next = 0;
  return {
    window: threads * 2,
    count: (chunk) => workers[next++ % threads]!.count(chunk),
    end: async () => {
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
}

/** A worker and those who wait for its answers, which come in the order of the questions. */
class CountingThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (words: PackedWords) => void; reject: (error: unknown) => void }[] = [];

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (words: PackedWords) => this.#waiting.shift()!.resolve(words));
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  count(chunk: Chunk): Promise<PackedWords> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(chunk, chunk instanceof Uint8Array ? [chunk.buffer as ArrayBuffer] : []);
    });
  }

  end(): Promise<unknown> {
    return this.#worker.terminate();
  }
}
