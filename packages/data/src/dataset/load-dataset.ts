import { statSync } from 'node:fs';
import { Dataset, type Row } from '../dataset.ts';
import { openArrow } from '../files/arrow.ts';
import { COMPRESSED } from '../files/bytes.ts';
import { loadCached } from './cache.ts';
import { fingerprintFiles } from './fingerprint.ts';
import {
  type DatasetSource,
  type DatasetSpec,
  openStream,
  type SourceFile,
  sourceFiles,
  toSpec,
} from './open-stream.ts';
import { collectRows } from './stream.ts';

/** Files of more bytes than this are not held in memory. Packed ones count fourfold. */
const IN_MEMORY_BYTES = 1 << 28;

/** What to load, and how. */
export interface LoadSpec extends DatasetSpec {
  /**
   * Keep the rows in an Arrow file on disk, from which they are read when asked for: in this folder, or with `true` in
   * `cacheFolder()`. Default: only for files of more than 256 MB. The file is found again by the content of the data.
   */
  cache?: boolean | string;
}

/**
 * Loads rows as a dataset from which any can be asked for: JSON Lines, a JSON array, CSV, TSV, plain text, Parquet,
 * Arrow IPC, WebDataset shards, folders of audio or images. Small data becomes Arrow columns in memory, large data an
 * Arrow file in a cache; Arrow files are read where they are.
 *
 * ```ts
 * const rows = await loadDataset('train.jsonl.gz');
 * rows.at(0);
 * ```
 *
 * @throws one line that names the file (and line or row) when it is missing, empty, cut off, not UTF-8, broken, or of
 *   no known type
 */
export async function loadDataset(source: string | readonly string[] | LoadSpec): Promise<Dataset> {
  const spec = toSpec(source as DatasetSource) as LoadSpec;
  const files = sourceFiles(spec);
  if (files.every(({ type }) => type === 'arrow')) return openArrowFiles(files);
  if (spec.cache ?? files.reduce((sum, file) => sum + sizeOf(file), 0) > IN_MEMORY_BYTES)
    return loadCached(spec, files);
  return collectRows(openStream({ ...spec, path: files.map(({ path }) => path) }));
}

async function openArrowFiles(files: readonly SourceFile[]): Promise<Dataset> {
  const parts: Dataset<Row>[] = [];
  for (const { path } of files) {
    const part = await openArrow(path, fingerprintFiles([path]));
    if (part.length === 0) throw new Error(`${path}: holds no rows`);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Dataset.concat(parts);
}

function sizeOf({ path, type }: SourceFile): number {
  if (type === 'media') return 0;
  return statSync(path).size * (COMPRESSED.test(path) || type === 'parquet' ? 4 : 1);
}
