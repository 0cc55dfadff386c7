import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readArrow } from './arrow.ts';
import { readCsv, readTsv } from './csv.ts';
import { readJsonl } from './json.ts';
import { readJsonArray } from './json-array.ts';
import { listFiles, MEDIA, readMediaFolder } from './media-folder.ts';
import { readParquet } from './parquet.ts';
import type { Reader } from './reader.ts';
import { readPlainText } from './text.ts';
import { readWebDataset } from './webdataset.ts';

/** File types that can be read. `media` is a folder of audio or images. */
export type FileType =
  | 'jsonl'
  | 'json'
  | 'csv'
  | 'tsv'
  | 'text'
  | 'parquet'
  | 'arrow'
  | 'webdataset'
  | 'media';

export const READERS: Record<FileType, Reader> = {
  jsonl: readJsonl,
  json: readJsonArray,
  csv: readCsv,
  tsv: readTsv,
  text: readPlainText,
  parquet: readParquet,
  arrow: readArrow,
  webdataset: readWebDataset,
  media: readMediaFolder,
};

const EXTENSIONS: Record<string, FileType> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  txt: 'text',
  md: 'text',
  parquet: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
  tar: 'webdataset',
};

/** The type of a file by its extension. @throws when it has none that is known */
export function typeOf(path: string): FileType {
  const type = known(path);
  if (type) return type;
  const extension = extensionOf(path);
  throw new Error(
    `${path}: unknown file type '${extension}'; known are ${Object.keys(EXTENSIONS).join(', ')}, or say which with type`,
  );
}

const extensionOf = (path: string) => /\.([^./\\]+)(\.gz|\.zst)?$/.exec(path)?.[1]?.toLowerCase() ?? '';
const known = (path: string) => EXTENSIONS[extensionOf(path)];

/**
 * The files that a path stands for: itself; where its last part has `*`, the files that match, sorted; for a folder the
 * data files in it, or itself when it holds audio or images.
 */
export function expandPath(path: string): string[] {
  if (basename(path).includes('*')) return matches(path);
  if (!isFolder(path)) return [path];
  const names = listFiles(path);
  const isMetadata = (name: string) => /^metadata\.(jsonl|csv)$/.test(basename(name));
  if (names.some((name) => MEDIA.test(name)) && names.every((name) => !known(name) || isMetadata(name)))
    return [path];
  const files = names.filter((name) => known(name) && !isMetadata(name));
  if (files.length === 0)
    throw new Error(
      `${path}: the folder holds no file of a known type (${Object.keys(EXTENSIONS).join(', ')}), nor audio or images`,
    );
  const types = new Set(files.map(known));
  if (types.size > 1)
    throw new Error(
      `${path}: the folder holds files of several types (${[...types].join(', ')}); name those to read, e.g. ${join(path, `*.${extensionOf(files[0]!)}`)}`,
    );
  return files.map((name) => join(path, name));
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function matches(pattern: string): string[] {
  const folder = dirname(pattern);
  const parts = basename(pattern)
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const wanted = new RegExp(`^${parts.join('.*')}$`);
  const names = isFolder(folder) ? readdirSync(folder).filter((name) => wanted.test(name)) : [];
  if (names.length === 0) throw new Error(`${pattern}: no file matches`);
  return names.sort().map((name) => join(folder, name));
}
