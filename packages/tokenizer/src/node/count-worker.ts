import { parentPort, workerData } from 'node:worker_threads';
import type { WordCounterSpec } from '../train/word-counter.ts';
import { type Chunk, chunkCounter } from './count-chunk.ts';

// A thread that counts the words of the chunks it is sent, in their order.
const count = chunkCounter(workerData as WordCounterSpec);
parentPort!.on('message', (chunk: Chunk) => {
  const packed = count(chunk);
  parentPort!.postMessage(packed, [packed.ends.buffer, packed.counts.buffer] as ArrayBuffer[]);
});
