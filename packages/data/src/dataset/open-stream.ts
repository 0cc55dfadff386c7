import { statSync } from 'node:fs';
import type { Row } from '../dataset.ts';
import { requireFile } from '../files/bytes.ts';
import { expandPath, type FileType, isFolder, READERS, typeOf } from '../files/file-types.ts';
import type { ReadOptions, Run } from '../files/reader.ts';
import type { Cursor, StreamState } from './cursor.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { DataStream } from './stream.ts';

/** What to read, and how. */
export interface DatasetSpec extends ReadOptions {
  /**
   * A file; several whose rows follow each other; a pattern with `*` in its last part; or a folder of data files, of
   * audio, or of images. JSON, CSV, TSV and text may be packed (`.gz`, `.zst`).
   */
  path: string | readonly string[];
  /** Default: by the file's extension. */
  type?: FileType;
}

/** A path, several, or a `DatasetSpec`. */
export type DatasetSource = string | readonly string[] | DatasetSpec;

/** A file and how to read it. */
export interface SourceFile {
  path: string;
  type: FileType;
}

export function toSpec(source: DatasetSource): DatasetSpec {
  return typeof source === 'string' || Array.isArray(source) ? { path: source } : (source as DatasetSpec);
}

/** The files of a source, each with its type. @throws naming the path that is missing or of no known type */
export function sourceFiles({ path, type }: DatasetSpec): SourceFile[] {
  const paths = typeof path === 'string' ? [path] : path;
  if (paths.length === 0) throw new Error('found no paths to read');
  const files = paths.flatMap((each) => (type && type !== 'media' ? [each] : expandPath(each)));
  return files.map((each) => {
    const found = type ?? (isFolder(each) ? 'media' : undefined);
    if (found !== 'media') requireFile(each, { empty: true });
    return { path: each, type: found ?? typeOf(each) };
  });
}

/**
 * Rows of files in order, none read before its turn: memory does not grow with the data. Takes all types that
 * `loadDataset` takes. A walk continues at the byte where it stopped; only packed files are unpacked up to there.
 *
 * @throws one line that names the file when it is missing or of no known type; while walking, the file and the line or
 *   row that is broken
 */
export function openStream(source: DatasetSource): DataStream<Row> {
  const spec = toSpec(source);
  const files = sourceFiles(spec);
  const open = (state?: StreamState) => fileCursor(files, spec, state as FileState | undefined);
  return new DataStream(open, fingerprintFiles(files.map(({ path }) => path)));
}

interface FileState {
  [key: string]: StreamState;
  file: number;
  /** Where the reader continues, and rows from there that were given already. */
  at: StreamState;
  row: number;
}

function fileCursor(files: readonly SourceFile[], options: ReadOptions, state?: FileState): Cursor<Row> {
  let file = state?.file ?? 0;
  let reader: AsyncGenerator<Run> | undefined;
  let from: unknown = state?.at ?? undefined;
  let skip = state?.row ?? 0;
  let last: FileState = state ?? { file: 0, at: null, row: 0 };
  let found = state !== undefined;
  return {
    async next() {
      for (; file < files.length; file++) {
        const { path, type } = files[file]!;
        if (!reader && options.onInvalid && isEmpty(path)) {
          options.onInvalid(`${path}: is empty (0 bytes)`);
          continue;
        }
        reader ??= READERS[type](path, options, from);
        const { done, value } = await reader.next();
        if (!done) {
          found ||= value.rows.length > 0;
          // Runs end elsewhere when reading begins elsewhere: what was given already may fill several.
          if (skip > value.rows.length) {
            skip -= value.rows.length;
            return [];
          }
          last = { file, at: value.at as StreamState, row: skip };
          const rows = skip > 0 ? value.rows.slice(skip) : value.rows;
          skip = 0;
          return rows;
        }
        if (!found) {
          const problem = `${path}: holds no rows`;
          if (!options.onInvalid) throw new Error(problem);
          options.onInvalid(problem);
        }
        reader = undefined;
        from = undefined;
        skip = 0;
        found = false;
      }
      return undefined;
    },
    state: (used) => ({ ...last, row: last.row + used }),
    close: async () => {
      await reader?.return(undefined);
    },
  };
}

function isEmpty(path: string): boolean {
  const stats = statSync(path);
  return stats.isFile() && stats.size === 0;
}
