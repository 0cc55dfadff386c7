import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { fileError } from '../errors.ts';

/**
 * A file of one JSON object a line, appended to as the run goes. A resumed run cuts it back to where its
 * checkpoint was written, so that no step appears twice.
 */
export class JsonLines {
  private readonly descriptor: number;
  private readonly path: string;
  private size: number;

  /** @param keepBytes length to cut an existing file back to; default 0, an empty file */
  constructor(path: string, keepBytes = 0) {
    this.path = path;
    try {
      this.descriptor = openSync(path, existsSync(path) ? 'r+' : 'w+');
      // A file shorter than the checkpoint remembers lost its end in a power cut: what is there stays.
      this.size = Math.min(keepBytes, fstatSync(this.descriptor).size);
      ftruncateSync(this.descriptor, this.size);
    } catch (error) {
      throw fileError(error, `cannot write ${path}`);
    }
  }

  /** Appends one object. Numbers that JSON lacks become the texts "NaN", "Infinity" and "-Infinity". */
  append(entry: object): void {
    const line = `${JSON.stringify(entry, (_key, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    )}\n`;
    const bytes = Buffer.from(line);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, this.size + done);
      }
    } catch (error) {
      throw fileError(error, `cannot write ${this.path}`, 'Checkpoints are intact; continue with --resume');
    }
    this.size += bytes.length;
  }

  /** Length so far in bytes, all of it on the disk. */
  flush(): number {
    fsyncSync(this.descriptor);
    return this.size;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Reads a file that `JsonLines` wrote; a line cut off by a crash at the end is left out. */
export function readJsonLines<T = Record<string, unknown>>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}
