import { closeSync, openSync, readSync, statSync } from 'node:fs';
import * as zlib from 'node:zlib';
import type { Compressors, FileMetaData } from 'hyparquet';
import type { Row } from '../dataset.ts';
import { requireFile, type ZstdZlib } from './bytes.ts';
import { settleRow } from './plain.ts';
import type { Reader } from './reader.ts';

/** Most rows that are objects at once. */
const RUN_ROWS = 4096;

/**
 * Rows of a Parquet file, a row group in memory at a time. Reads what hyparquet reads: every encoding, nested columns,
 * and Snappy, gzip, Brotli, LZ4 and Zstandard.
 *
 * @throws naming the file, and the row at which it is damaged or cut off
 */
export const readParquet: Reader = async function* (path, _options, from) {
  requireFile(path);
  const { parquetReadObjects } = await import('hyparquet');
  const compressors = await decompressors();
  const handle = openSync(path, 'r');
  try {
    const { size: byteLength } = statSync(path);
    const file = {
      byteLength,
      slice: (start: number, end = byteLength) => {
        const bytes = new Uint8Array(end - start);
        const count = readSync(handle, bytes, 0, bytes.length, start);
        if (count < bytes.length) throw new Error(`ends after ${start + count} bytes`);
        return bytes.buffer;
      },
    };
    const metadata = await readMetadata(path, file);
    const first = (from as number | undefined) ?? 0;
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      if (end > first) {
        const rows = await readGroup(start, end);
        for (let at = Math.max(first, start); at < end; at += RUN_ROWS)
          yield { rows: rows.slice(at - start, Math.min(at + RUN_ROWS, end) - start).map(settleRow), at };
      }
      start = end;
    }

    async function readGroup(rowStart: number, rowEnd: number): Promise<Row[]> {
      try {
        return await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd, utf8: false });
      } catch (error) {
        throw new Error(
          `${path}: is damaged or cut off in rows ${rowStart} to ${rowEnd - 1} (${(error as Error).message})`,
          { cause: error },
        );
      }
    }
  } finally {
    closeSync(handle);
  }
};

async function readMetadata(
  path: string,
  file: { byteLength: number; slice(start: number, end?: number): ArrayBuffer },
): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await import('hyparquet');
  try {
    return await parquetMetadataAsync(file);
  } catch (error) {
    throw new Error(
      `${path}: is cut off or no Parquet file (${(error as Error).message}); copy or download it again`,
      { cause: error },
    );
  }
}

/** Node's own decoders where it has them, and WebAssembly for Zstandard where not: several times faster than JavaScript. */
async function decompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors');
  const { zstdDecompressSync } = zlib as ZstdZlib;
  return {
    ...compressors,
    GZIP: (bytes) => zlib.gunzipSync(bytes),
    BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
    ZSTD: zstdDecompressSync ? (bytes) => zstdDecompressSync(bytes) : await zstdInWebAssembly(),
  };
}

async function zstdInWebAssembly(): Promise<NonNullable<Compressors['ZSTD']>> {
  const { ZSTDDecoder } = await import('zstddec');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (bytes, length) => decoder.decode(bytes, length);
}
