import { closeSync, openSync, readSync } from 'node:fs';

/** Size of the pieces that files are counted in. They do not depend on the number of threads; the result neither. */
export const CHUNK_BYTES = 1 << 22;

const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Reads a file (or `-`, the standard input) in chunks that end where a line does; a line that is longer than a
 * chunk is cut after a space, or between two characters.
 */
export function* fileChunks(file: string, chunkBytes = CHUNK_BYTES): Generator<Uint8Array<ArrayBuffer>> {
  const descriptor = file === '-' ? 0 : openSync(file, 'r');
  try {
    let rest = new Uint8Array(0);
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      chunk.set(rest);
      const length = fill(descriptor, chunk, rest.length);
      if (length < chunkBytes) {
        if (length > 0) yield chunk.slice(0, length);
        return;
      }
      const end = cut(chunk);
      rest = chunk.slice(end);
      yield chunk.slice(0, end);
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
}

/** Fills a buffer as far as there is something to read; returns how much of it is filled. */
function fill(descriptor: number, buffer: Uint8Array, start: number): number {
  let at = start;
  while (at < buffer.length) {
    const count = readSome(descriptor, buffer, at);
    if (count === 0) break;
    at += count;
  }
  return at;
}

/** A terminal or pipe that has nothing yet says so by an error; then it is asked again a little later. */
function readSome(descriptor: number, buffer: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(descriptor, buffer, at, buffer.length - at, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function cut(chunk: Uint8Array): number {
  const newline = chunk.lastIndexOf(NEWLINE);
  if (newline >= 0) return newline + 1;
  const space = chunk.lastIndexOf(SPACE);
  // The space begins the next word, as pre-tokenizers have it.
  if (space > 0) return space;
  let end = chunk.length;
  while (end > chunk.length - 4 && (chunk[end - 1]! & 0xc0) === 0x80) end--;
  return end > 1 ? end - 1 : chunk.length;
}

/** Groups texts so that each group has about `CHUNK_BYTES` code units. */
export async function* textChunks(
  texts: AsyncIterable<string> | Iterable<string>,
  chunkUnits = CHUNK_BYTES,
): AsyncGenerator<string[]> {
  let chunk: string[] = [];
  let length = 0;
  for await (const text of texts) {
    chunk.push(text);
    length += text.length;
    if (length < chunkUnits) continue;
    yield chunk;
    chunk = [];
    length = 0;
  }
  if (chunk.length > 0) yield chunk;
}
