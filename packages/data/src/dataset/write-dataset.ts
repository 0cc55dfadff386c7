import { closeSync, createWriteStream, openSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import type { Schema } from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';
import { Dataset, type Row } from '../dataset.ts';
import type { ZstdZlib } from '../files/bytes.ts';
import { typeOf } from '../files/file-types.ts';
import { writeAtomically } from './atomic-file.ts';
import { isNested, type Shapes, sameShape, schemaElements, shapesOf, toShape } from './parquet-schema.ts';
import { DataStream } from './stream.ts';
import { type Kinds, kindsOf, textLength, toRecordBatch } from './table-builder.ts';

/** A record batch on disk: small enough that reading single rows in any order stays cheap. */
const ARROW_BATCH = { rows: 1024, bytes: 1 << 18 };

/** A row group: large enough to pack well. */
const ROW_GROUP = { rows: 50_000, bytes: 1 << 25 };

/** Rows that were written. */
export interface WriteResult {
  rows: number;
}

/**
 * Writes rows as JSON Lines (also `.gz`, and `.zst` from Node 22.15 on), Parquet or Arrow IPC, by the file's extension.
 * The file is there whole or not at all. Memory does not grow with the data.
 *
 * Parquet and Arrow need one type a column: whole numbers become int64, or float64 where some are not whole. Lists and
 * objects become nested columns in Parquet where all rows have the same fields; else, and in Arrow, they are stored as
 * JSON, as mixed types are, which `loadDataset` reads back as what it was. Where a later row does not fit the types of
 * the first ones, the rows are read a second time.
 *
 * @throws when the extension is of a type that cannot be written
 */
export async function writeDataset(
  source: Dataset<Row> | DataStream<Row>,
  path: string,
): Promise<WriteResult> {
  const stream = source instanceof Dataset ? DataStream.from(source) : source;
  const type = typeOf(path);
  let rows = 0;
  await writeAtomically(path, async (partial) => {
    if (type === 'jsonl') rows = await writeJsonl(stream, partial, path);
    else if (type === 'arrow') rows = await writeTyped(stream, arrowLayout(partial));
    else if (type === 'parquet') rows = await writeTyped(stream, parquetLayout(partial));
    else
      throw new Error(`${path}: cannot write ${type}; name a file that ends in .jsonl, .parquet or .arrow`);
  });
  return { rows };
}

async function writeJsonl(stream: DataStream<Row>, partial: string, path: string): Promise<number> {
  let rows = 0;
  async function* lines() {
    const walk = stream.walk();
    while (await walk.fill()) {
      const parts: string[] = [];
      for (; walk.available > 0; rows++) parts.push(JSON.stringify(walk.takeNow(), jsonValue));
      yield `${parts.join('\n')}\n`;
    }
    await walk.close();
  }
  const file = createWriteStream(partial);
  const source = Readable.from(lines());
  if (path.endsWith('.gz')) await pipeline(source, zlib.createGzip(), file);
  else if (path.endsWith('.zst')) {
    const { createZstdCompress } = zlib as ZstdZlib;
    if (!createZstdCompress)
      throw new Error(
        `${path}: writing .zst needs Node 22.15 or newer, this is ${process.version}; write .gz`,
      );
    await pipeline(source, createZstdCompress(), file);
  } else await pipeline(source, file);
  return rows;
}

function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** Takes rows in batches, of which every value suits the kinds it was made for. */
interface Sink {
  write(rows: readonly Row[]): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** How the types of columns are found, and what writes rows of such types. */
interface Layout<T> {
  size: { rows: number; bytes: number };
  /** The types that hold these rows, and those before them. */
  infer(rows: readonly Row[], before: T | undefined): T;
  /** Whether what was opened for `types` can write what needs `needed`. */
  covers(types: T, needed: T): boolean;
  open(types: T): Promise<Sink>;
}

/** Writes with the types of the first batch; when later rows need wider ones, finds those and writes once more. */
async function writeTyped<T>(stream: DataStream<Row>, layout: Layout<T>): Promise<number> {
  let types: T | undefined;
  for (;;) {
    let sink: Sink | undefined;
    let needed = types;
    let count = 0;
    let narrow = false;
    try {
      for await (const rows of rowBatches(stream, layout.size)) {
        needed = layout.infer(rows, needed);
        types ??= needed;
        narrow ||= !layout.covers(types, needed);
        count += rows.length;
        if (narrow) continue;
        sink ??= await layout.open(types);
        await sink.write(rows);
      }
      if (!narrow) {
        if (!sink) throw new Error('found no rows: nothing to write');
        await sink.finish();
        return count;
      }
      await sink?.abandon();
      types = needed;
    } catch (error) {
      await sink?.abandon();
      throw error;
    }
  }
}

function arrowLayout(path: string): Layout<Kinds> {
  return { size: ARROW_BATCH, infer: kindsOf, covers: coversKinds, open: (kinds) => arrowSink(path, kinds) };
}

interface ParquetTypes {
  kinds: Kinds;
  shapes: Shapes;
}

function parquetLayout(path: string): Layout<ParquetTypes> {
  return {
    size: ROW_GROUP,
    infer: (rows, before) => ({
      kinds: kindsOf(rows, before?.kinds),
      shapes: shapesOf(rows, before?.shapes),
    }),
    covers: (types, needed) =>
      coversKinds(types.kinds, needed.kinds) &&
      [...needed.shapes].every(([name, shape]) => sameShape(types.shapes.get(name), shape)),
    open: (types) => parquetSink(path, types),
  };
}

const coversKinds = (kinds: Kinds, needed: Kinds) =>
  [...needed].every(([name, kind]) => kinds.get(name) === kind);

async function* rowBatches(
  stream: DataStream<Row>,
  size: { rows: number; bytes: number },
): AsyncGenerator<Row[]> {
  const walk = stream.walk();
  let rows: Row[] = [];
  let bytes = 0;
  while (await walk.fill()) {
    while (walk.available > 0) {
      const row = walk.takeNow();
      rows.push(row);
      bytes += textLength(row);
      if (rows.length < size.rows && bytes < size.bytes) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
  }
  await walk.close();
  if (rows.length > 0) yield rows;
}

async function arrowSink(path: string, kinds: Kinds): Promise<Sink> {
  const arrow = await import('apache-arrow');
  requireColumns(kinds);

  /** Arrow for JavaScript leaves the schema out of the beginning of a file, where the format wants it too. */
  class FileWriter extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(schema: Schema) {
      return this._writeMagic()._writePadding(2)._writeMessage(arrow.Message.from(schema));
    }
  }

  const handle = openSync(path, 'w');
  const writer = new FileWriter();
  const drained = (async () => {
    for await (const chunk of writer) writeSync(handle, chunk);
  })();
  return {
    async write(rows) {
      writer.write(toRecordBatch(arrow, rows, kinds));
      // Lets the bytes go to the file before more are made.
      await new Promise((resolve) => setImmediate(resolve));
    },
    async finish() {
      writer.finish();
      await drained;
      closeSync(handle);
    },
    async abandon() {
      writer.close();
      await drained;
      closeSync(handle);
    },
  };
}

function requireColumns(kinds: Kinds): void {
  if (kinds.size === 0) throw new Error('found no row with a value: nothing to write');
}

async function parquetSink(path: string, { kinds, shapes }: ParquetTypes): Promise<Sink> {
  const { ParquetWriter, fileWriter } = await import('hyparquet-writer');
  requireColumns(kinds);
  const columns = [...kinds].map(([name, kind]) => {
    const nested = kind === 'json' ? shapes.get(name) : undefined;
    if (isNested(nested))
      return {
        name,
        elements: schemaElements(name, nested),
        convert: (value: unknown) => toShape(value, nested),
      };
    // What has no type of its own is JSON.
    if (kind !== 'json')
      return {
        name,
        elements: schemaElements(name, kind),
        convert: (value: unknown) => toShape(value, kind),
      };
    const json: SchemaElement = {
      name,
      type: 'BYTE_ARRAY',
      converted_type: 'JSON',
      repetition_type: 'OPTIONAL',
    };
    return { name, elements: [json], convert: (value: unknown) => value ?? null };
  });
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ elements }) => elements),
  ];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema });
  return {
    write: async (rows) =>
      writer.write({
        columnData: columns.map(({ name, convert }) => ({
          name,
          data: rows.map((row) => convert(row[name])),
        })),
        rowGroupSize: rows.length,
      }),
    finish: async () => writer.finish(),
    abandon: async () => {},
  };
}
