import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readBytesRaw } from '../files/bytes.ts';
import { isFolder } from '../files/file-types.ts';
import { listFiles } from '../files/media-folder.ts';

/** Places of a file that a fingerprint looks at, and bytes at each. */
const SAMPLES = 64;
const SAMPLE_BYTES = 1 << 12;

/**
 * A hash that changes when files do, at a cost that does not grow with them: their sizes, and bytes from places spread
 * over each. It is the same on every machine and for every copy. A change that keeps the size and none of the places
 * sees goes unnoticed; `contentHash` sees all.
 */
export function fingerprintFiles(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    if (isFolder(path)) {
      for (const name of listFiles(path)) hash.update(`${name}:${statSync(join(path, name)).size};`);
      continue;
    }
    const handle = openSync(path, 'r');
    try {
      const { size } = statSync(path);
      hash.update(`${size};`);
      const buffer = Buffer.alloc(SAMPLE_BYTES);
      const step = Math.max(SAMPLE_BYTES, Math.floor((size - SAMPLE_BYTES) / (SAMPLES - 1)));
      for (let i = 0; i < SAMPLES && i * step < size; i++)
        hash.update(buffer.subarray(0, readSync(handle, buffer, 0, SAMPLE_BYTES, i * step)));
      hash.update(
        buffer.subarray(0, readSync(handle, buffer, 0, SAMPLE_BYTES, Math.max(0, size - SAMPLE_BYTES))),
      );
    } finally {
      closeSync(handle);
    }
  }
  return hash.digest('hex').slice(0, 32);
}

/** SHA-256 of all bytes of files, and of words that tell apart what is made of them. */
export async function contentHash(paths: readonly string[], ...words: string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const path of paths) {
    hash.update(`\n${statSync(path).size}\n`);
    for await (const chunk of readBytesRaw(path)) hash.update(chunk);
  }
  return hash.digest('hex').slice(0, 40);
}
