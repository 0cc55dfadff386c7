import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HEADER_BYTES, MAGIC, type ManifestShard } from './layout.ts';

/** Bytes gathered before they go to the disk. */
const BUFFER_BYTES = 1 << 20;

/** A file that is written from front to back, hashed on the way. */
class HashedFile {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  bytes = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'wx');
  }

  append(data: Uint8Array): void {
    if (this.#used + data.length > BUFFER_BYTES) this.#flush();
    if (data.length > BUFFER_BYTES) this.#write(data);
    else {
      this.#buffer.set(data, this.#used);
      this.#used += data.length;
    }
    this.bytes += data.length;
  }

  close(): string {
    this.#flush();
    closeSync(this.#fd);
    return this.#hash.digest('hex');
  }

  #flush(): void {
    if (this.#used) this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #write(data: Uint8Array): void {
    this.#hash.update(data);
    for (let done = 0; done < data.length; ) done += writeSync(this.#fd, data, done);
  }
}

/** Writes the chunks of one shard, and the strings beside them. */
export class ShardWriter {
  readonly file: string;
  readonly #data: HashedFile;
  readonly #strings: HashedFile | undefined;
  /** Milliseconds of each chunk. */
  readonly milliseconds: number[] = [];
  rows = 0;

  constructor(folder: string, name: string, withStrings: boolean) {
    this.file = `${name}.bin`;
    this.#data = new HashedFile(join(folder, this.file));
    if (withStrings) this.#strings = new HashedFile(join(folder, `${name}.strings`));
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    this.#data.append(header);
  }

  /** Appends a string (its length as uint32, then UTF-8). @returns where it begins */
  string(text: string): number {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    const at = this.#strings!.bytes;
    this.#strings!.append(length);
    this.#strings!.append(bytes);
    return at;
  }

  chunk(bytes: Uint8Array, rows: number, milliseconds: number): void {
    this.#data.append(bytes);
    this.rows += rows;
    this.milliseconds.push(milliseconds);
  }

  close(): ManifestShard {
    const sha256 = this.#data.close();
    const shard: ManifestShard = { file: this.file, rows: this.rows, bytes: this.#data.bytes, sha256 };
    if (this.#strings)
      shard.strings = {
        file: this.file.replace(/bin$/, 'strings'),
        sha256: this.#strings.close(),
        bytes: this.#strings.bytes,
      };
    return shard;
  }
}
