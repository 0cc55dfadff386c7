import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { join } from 'node:path';
import { ChunkBuffer } from './chunk-buffer.ts';
import { chunkLayout, HEADER_BYTES, MAGIC, type ManifestHeader, shardBytes } from './layout.ts';

/** A row as the manifest holds it: codes of dictionaries replaced by their names, durations in seconds. */
export type ManifestRow = Record<string, string | number>;

/** Strings that are read in one go; longer ones take a second read. */
const STRING_BYTES = 512;

/**
 * A manifest on disk. Opening reads its `manifest.json` alone; a shard's file is opened with the first of its rows.
 *
 * Rows are numbered shard after shard; chunks likewise. Only the last chunk of a shard may be short.
 */
export class Manifest {
  readonly folder: string;
  readonly header: ManifestHeader;
  /** First row, and first chunk, of each shard, and behind the last. */
  readonly #firstRow: number[] = [0];
  readonly #firstChunk: number[] = [0];
  readonly #files = new Map<string, number>();
  readonly #whole: ChunkBuffer;
  readonly #stringHead = Buffer.alloc(STRING_BYTES);

  private constructor(folder: string, header: ManifestHeader) {
    this.folder = folder;
    this.header = header;
    for (const { rows } of header.shards) {
      this.#firstRow.push(this.#firstRow.at(-1)! + rows);
      this.#firstChunk.push(this.#firstChunk.at(-1)! + Math.ceil(rows / header.chunkRows));
    }
    this.#whole = new ChunkBuffer(header.columns, header.chunkRows);
  }

  /** @throws one line that says what is wrong when there is no manifest, or one of another version */
  static open(folder: string): Manifest {
    const path = join(folder, 'manifest.json');
    if (!existsSync(path))
      throw new Error(`${folder}: holds no manifest.json; expected a folder written by ManifestWriter`);
    let header: ManifestHeader;
    try {
      header = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      throw new Error(`${path}: is not JSON; it may be cut off, write the manifest again`);
    }
    if (header.format !== 'attune-manifest' || header.version !== 1)
      throw new Error(
        `${path}: expected format attune-manifest, version 1; found ${header.format} ${header.version}`,
      );
    const { hash, ...rest } = header;
    const found = createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
    if (hash !== found) throw new Error(`${path}: was edited: its hash is ${found}, it says ${hash}`);
    return new Manifest(folder, header);
  }

  get rows(): number {
    return this.header.rows;
  }

  /** Total duration. */
  get seconds(): number {
    return this.header.seconds;
  }

  /** Changes with any change of the contents. */
  get hash(): string {
    return this.header.hash;
  }

  /** Chunks in all shards. */
  get chunks(): number {
    return this.#firstChunk.at(-1)!;
  }

  /** Whether there is such a column, and a row with a value in it. */
  has(column: string): boolean {
    const { columns, unused } = this.header;
    return columns.some(({ name }) => name === column) && !unused.includes(column);
  }

  /** How many clips are longer than a number of milliseconds (exact at multiples of the histogram's bins). */
  longerThan(milliseconds: number): number {
    const { binMs, counts } = this.header.histogram;
    return counts.slice(Math.floor(milliseconds / binMs)).reduce((sum, count) => sum + count, 0);
  }

  /** The first row of a chunk, and how many it has. */
  chunkRange(chunk: number): { first: number; rows: number } {
    const shard = upperBound(this.#firstChunk, chunk);
    const { chunkRows, shards } = this.header;
    const within = (chunk - this.#firstChunk[shard]!) * chunkRows;
    return {
      first: this.#firstRow[shard]! + within,
      rows: Math.min(chunkRows, shards[shard]!.rows - within),
    };
  }

  /**
   * Reads a chunk. The buffer that it returns is used again by the next call.
   * @throws when the shard is missing or shorter than it should be, naming the file and the first row that is lost
   */
  readChunk(chunk: number): ChunkBuffer {
    const shard = upperBound(this.#firstChunk, chunk);
    const { columns, chunkRows, shards } = this.header;
    const { file, rows } = shards[shard]!;
    const within = chunk - this.#firstChunk[shard]!;
    return this.#readFrom(
      this.#open(file, rows),
      file,
      within,
      Math.min(chunkRows, rows - within * chunkRows),
      columns,
    );
  }

  /** The chunks of the sample. The buffer of one is used again for the next. */
  *readSample(): Generator<ChunkBuffer> {
    const { columns, chunkRows, sample } = this.header;
    const fd = this.#open(sample.file, sample.rows);
    for (let i = 0; i * chunkRows < sample.rows; i++)
      yield this.#readFrom(fd, sample.file, i, Math.min(chunkRows, sample.rows - i * chunkRows), columns);
  }

  /** Mean milliseconds of a row in each of the chunks [from, to). */
  chunkMeans(from: number, to: number): Float64Array {
    const { index, chunkRows, shards } = this.header;
    const fd = this.#openFile(index.file, index.bytes);
    const values = new Float64Array(to - from);
    const bytes = new Uint8Array(values.buffer);
    if (readSync(fd, bytes, 0, bytes.length, from * 8) !== bytes.length)
      throw new Error(`${join(this.folder, index.file)}: ends before chunk ${to}; write the manifest again`);
    for (let i = 0; i < values.length; i++) values[i]! /= chunkRows;
    // Only the last chunk of a shard may have fewer rows.
    shards.forEach(({ rows }, shard) => {
      const last = this.#firstChunk[shard + 1]! - 1 - from;
      if (rows % chunkRows && last >= 0 && last < values.length)
        values[last]! *= chunkRows / (rows % chunkRows);
    });
    return values;
  }

  /** Row `row` with its strings. */
  row(row: number): ManifestRow {
    if (!(Number.isInteger(row) && row >= 0 && row < this.rows))
      throw new RangeError(`${this.folder}: row must be an integer in [0, ${this.rows}), found ${row}`);
    const shard = upperBound(this.#firstRow, row);
    const { chunkRows, columns, dictionaries } = this.header;
    const within = row - this.#firstRow[shard]!;
    const chunk = this.readChunk(this.#firstChunk[shard]! + Math.floor(within / chunkRows));
    const result: ManifestRow = {};
    for (const { name, type } of columns) {
      const value = chunk.columns[name]![within % chunkRows]!;
      if (type === 'string') result[name] = this.#string(shard, value);
      else if (dictionaries[name]) result[name] = dictionaries[name][value]!;
      else result[name] = name === 'duration' ? value / 1000 : value;
    }
    return result;
  }

  /** Reads every file whole and compares its hash. @throws naming the file that changed */
  async verify(): Promise<void> {
    const { shards, index, sample } = this.header;
    const files = [...shards, ...shards.flatMap(({ strings }) => strings ?? []), index, sample];
    for (const { file, sha256 } of files) {
      const hash = createHash('sha256');
      for await (const part of createReadStream(join(this.folder, file))) hash.update(part);
      if (hash.digest('hex') !== sha256)
        throw new Error(`${join(this.folder, file)}: its contents changed since the manifest was written`);
    }
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  /** Files that are open. */
  get openFiles(): string[] {
    return [...this.#files.keys()];
  }

  #readFrom(
    fd: number,
    file: string,
    position: number,
    rows: number,
    columns: ManifestHeader['columns'],
  ): ChunkBuffer {
    const { chunkRows } = this.header;
    const chunk = rows === chunkRows ? this.#whole : new ChunkBuffer(columns, rows);
    const at = HEADER_BYTES + position * chunkLayout(columns, chunkRows).bytes;
    if (readSync(fd, chunk.bytes, 0, chunk.bytes.length, at) !== chunk.bytes.length)
      throw new Error(`${join(this.folder, file)}: ends within the rows from ${position * chunkRows} on`);
    return chunk;
  }

  #open(file: string, rows: number): number {
    const { columns, chunkRows } = this.header;
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const expected = shardBytes(columns, rows, chunkRows);
    const fd = this.#openFile(file, expected);
    const magic = Buffer.alloc(MAGIC.length);
    readSync(fd, magic, 0, magic.length, 0);
    if (magic.toString('latin1') !== MAGIC)
      throw new Error(`${join(this.folder, file)}: is no shard of a manifest`);
    return fd;
  }

  #openFile(file: string, bytes: number): number {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const path = join(this.folder, file);
    if (!existsSync(path)) throw new Error(`${path}: is missing; copy it again or write the manifest again`);
    const fd = openSync(path, 'r');
    const { size } = fstatSync(fd);
    if (size !== bytes) {
      closeSync(fd);
      throw new Error(`${path}: expected ${bytes} bytes, found ${size}${this.#lost(file, size)}`);
    }
    this.#files.set(file, fd);
    return fd;
  }

  /** Which rows a shard lost that was cut off. */
  #lost(file: string, size: number): string {
    const { columns, chunkRows, shards } = this.header;
    const shard = shards.find((each) => each.file === file);
    if (!shard || size >= shard.bytes) return '';
    const chunk = Math.max(0, Math.floor((size - HEADER_BYTES) / chunkLayout(columns, chunkRows).bytes));
    return `: rows ${chunk * chunkRows} to ${shard.rows - 1} of it are lost; copy it again`;
  }

  #string(shard: number, at: number): string {
    const strings = this.header.shards[shard]!.strings!;
    const fd = this.#openFile(strings.file, strings.bytes);
    const read = readSync(fd, this.#stringHead, 0, STRING_BYTES, at);
    const length = this.#stringHead.readUInt32LE(0);
    if (4 + length <= read) return this.#stringHead.toString('utf8', 4, 4 + length);
    const long = Buffer.alloc(length);
    readSync(fd, long, 0, length, at + 4);
    return long.toString('utf8');
  }
}

/** The last place whose first element is not above the value. */
function upperBound(firsts: readonly number[], value: number): number {
  let low = 0;
  let high = firsts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firsts[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
