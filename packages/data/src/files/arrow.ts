import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { RecordBatch } from 'apache-arrow';
import { batchOf } from '../dataset/batched-reader.ts';
import type { Arrow } from '../dataset/column-builder.ts';
import { rowReader } from '../dataset/row-reader.ts';
import { Dataset, type Row } from '../dataset.ts';
import { type BatchLayout, cellReader } from './arrow-cells.ts';
import { requireFile } from './bytes.ts';
import type { Reader } from './reader.ts';

/** Bytes of decoded batches that are kept. */
const CACHE_BYTES = 1 << 26;

/** Closes the files of datasets that are no longer held. */
const abandoned = new FinalizationRegistry<number>((handle) => closeSync(handle));

/** Most rows that are objects at once. */
const RUN_ROWS = 4096;

/** A message in the file. */
interface Block {
  offset: number;
  bytes: number;
  /** Bytes of its header, which stands before its body. */
  header: number;
}

/**
 * An Arrow IPC file or stream (as Hugging Face datasets caches them) on disk. Opening reads where the record batches
 * are. Rows in order are read a batch at a time, and the last batches used are kept; rows in random order of a file that
 * is larger than what is kept are read by themselves. Memory does not grow with the file.
 */
export class ArrowFile {
  /** Number of rows. */
  readonly length: number;
  readonly #path: string;
  readonly #arrow: Arrow;
  readonly #handle: number;
  /** The messages of the schema and the dictionaries: what stands before every batch. */
  readonly #head: readonly Uint8Array[];
  readonly #batches: readonly Block[];
  /** Rows before each batch, and at last all. */
  readonly #starts: readonly number[];
  readonly #decoded = new Map<number, { bytes: number; read: (index: number) => Row }>();
  #kept = 0;
  /** Present when rows may be read by themselves. */
  readonly #readCells: ((layout: BatchLayout, row: number) => Row) | undefined;
  readonly #layouts = new Map<number, BatchLayout>();
  readonly #scratch = Buffer.alloc(1 << 16);
  #previous = -1;

  private constructor(arrow: Arrow, path: string, handle: number) {
    this.#path = path;
    this.#arrow = arrow;
    this.#handle = handle;
    const head: Uint8Array[] = [];
    const batches: Block[] = [];
    const starts = [0];
    for (const { block, kind, rows } of this.#messages(statSync(path).size)) {
      if (head.length === 0 && kind !== arrow.MessageHeader.Schema) head.push(this.#schemaOfFooter());
      if (kind !== arrow.MessageHeader.RecordBatch) head.push(this.#read(block));
      else {
        batches.push(block);
        starts.push(starts.at(-1)! + rows);
      }
    }
    this.#head = head;
    this.#batches = batches;
    this.#starts = starts;
    this.length = starts.at(-1)!;
    if (batches.reduce((sum, { bytes }) => sum + bytes, 0) > CACHE_BYTES)
      this.#readCells = cellReader(arrow, arrow.tableFromIPC(head).schema, (offset, bytes) => {
        const buffer = bytes <= this.#scratch.length ? this.#scratch.subarray(0, bytes) : Buffer.alloc(bytes);
        readSync(handle, buffer, 0, bytes, offset);
        return buffer;
      });
  }

  /** @throws when the file is missing, empty, no Arrow IPC, or cut off, naming the row */
  static async open(path: string): Promise<ArrowFile> {
    requireFile(path);
    const arrow = await import('apache-arrow');
    const handle = openSync(path, 'r');
    try {
      const file = new ArrowFile(arrow, path, handle);
      abandoned.register(file, handle, file);
      return file;
    } catch (error) {
      closeSync(handle);
      throw error;
    }
  }

  /** Row `index`, of which 0 ≤ index < length. */
  at(index: number): Row {
    const which = batchOf(this.#starts, index);
    const row = index - this.#starts[which]!;
    const alone = this.#readCells && Math.abs(index - this.#previous) > 1 && !this.#decoded.has(which);
    this.#previous = index;
    if (!alone) return this.#reader(which)(row);
    const layout = this.#layoutOf(which);
    return layout ? this.#readCells!(layout, row) : this.#reader(which)(row);
  }

  close(): void {
    abandoned.unregister(this);
    closeSync(this.#handle);
  }

  #reader(which: number): (index: number) => Row {
    let entry = this.#decoded.get(which);
    if (entry) {
      // Used last: goes to the end of the line.
      if (this.#decoded.size > 1) {
        this.#decoded.delete(which);
        this.#decoded.set(which, entry);
      }
      return entry.read;
    }
    entry = { bytes: this.#batches[which]!.bytes, read: rowReader(this.#arrow, this.#decode(which)) };
    this.#decoded.set(which, entry);
    this.#kept += entry.bytes;
    for (const [oldest, { bytes }] of this.#decoded) {
      if (this.#kept <= CACHE_BYTES || oldest === which) break;
      this.#decoded.delete(oldest);
      this.#kept -= bytes;
    }
    return entry.read;
  }

  /** Reads one batch as if it were a stream of its own. */
  #decode(which: number): RecordBatch {
    const stream = Buffer.concat([...this.#head, this.#read(this.#batches[which]!)]);
    try {
      return this.#arrow.tableFromIPC(stream).batches[0]!;
    } catch (error) {
      throw new Error(
        `${this.#path}: is damaged in rows ${this.#starts[which]} to ${this.#starts[which + 1]! - 1} (${(error as Error).message})`,
        { cause: error },
      );
    }
  }

  /** Undefined when the batch is compressed. */
  #layoutOf(which: number): BatchLayout | undefined {
    let layout = this.#layouts.get(which);
    if (!layout) {
      const { offset, header } = this.#batches[which]!;
      const message = this.#parse(this.#read({ offset: offset + 8, bytes: header }));
      if (!message.isRecordBatch()) return undefined;
      const { nodes, buffers, compression } = message.header();
      if (compression) return undefined;
      layout = { body: offset + 8 + header, nodes, buffers };
      this.#layouts.set(which, layout);
    }
    return layout;
  }

  #read({ offset, bytes }: Pick<Block, 'offset' | 'bytes'>): Buffer {
    const buffer = Buffer.allocUnsafeSlow(bytes);
    readSync(this.#handle, buffer, 0, bytes, offset);
    return buffer;
  }

  /** The schema as a message. Files that Arrow for JavaScript wrote have it only at their end, where it is no message. */
  #schemaOfFooter(): Uint8Array {
    const writer = new this.#arrow.RecordBatchStreamWriter();
    try {
      const { schema } = this.#arrow.tableFromIPC(readFileSync(this.#path));
      writer.reset(undefined, schema);
    } catch (error) {
      throw this.#unreadable((error as Error).message);
    }
    return writer.toUint8Array(true);
  }

  /** The messages of the file, of which only the headers are read. */
  *#messages(size: number): Generator<{ block: Block; kind: number; rows: number }> {
    const prefix = Buffer.alloc(8);
    readSync(this.#handle, prefix, 0, 8, 0);
    let offset = prefix.toString('latin1', 0, 6) === 'ARROW1' ? 8 : 0;
    let rows = 0;
    let first = true;
    while (offset < size) {
      const found = readSync(this.#handle, prefix, 0, 8, offset);
      const length = prefix.readInt32LE(4);
      if (found === 8 && prefix.readUInt32LE(0) !== 0xffffffff) throw this.#unreadable('found no message');
      if (found === 8 && length === 0) return;
      const header = Buffer.alloc(Math.max(0, Math.min(length, size - offset - 8)));
      readSync(this.#handle, header, 0, header.length, offset + 8);
      if (found < 8 || header.length < length) throw this.#cut(first, rows);
      const message = this.#parse(header);
      const bytes = 8 + length + message.bodyLength;
      if (offset + bytes > size) throw this.#cut(first, rows);
      const count = message.isRecordBatch() ? message.header().length : 0;
      yield { block: { offset, bytes, header: length }, kind: message.headerType, rows: count };
      rows += count;
      offset += bytes;
      first = false;
    }
    if (first) throw this.#cut(first, rows);
  }

  #parse(header: Buffer) {
    try {
      return this.#arrow.Message.decode(header);
    } catch (error) {
      throw this.#unreadable((error as Error).message);
    }
  }

  #unreadable(reason: string): Error {
    return new Error(`${this.#path}: is no readable Arrow IPC file (${reason})`);
  }

  #cut(first: boolean, rows: number): Error {
    const where = first ? 'in its schema' : `after row ${rows}`;
    return new Error(`${this.#path}: is cut off ${where}; copy or write it again`);
  }
}

/** Rows of an Arrow IPC file or stream as a dataset; see `ArrowFile`. */
export async function openArrow(path: string, fingerprint?: string): Promise<Dataset> {
  const file = await ArrowFile.open(path);
  return new Dataset(file.length, (index) => file.at(index), fingerprint);
}

/** Rows of an Arrow IPC file or stream in order. */
export const readArrow: Reader = async function* (path, _options, from) {
  const file = await ArrowFile.open(path);
  try {
    for (let at = (from as number | undefined) ?? 0; at < file.length; at += RUN_ROWS) {
      const count = Math.min(RUN_ROWS, file.length - at);
      yield { rows: Array.from({ length: count }, (_, i) => file.at(at + i)), at };
    }
  } finally {
    file.close();
  }
};
