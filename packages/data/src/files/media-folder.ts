import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Row } from '../dataset.ts';
import { readCsv } from './csv.ts';
import { readJsonl } from './json.ts';
import type { Reader } from './reader.ts';

/** Endings of the files that a folder of audio or images is made of. */
export const MEDIA = /\.(wav|flac|mp3|ogg|opus|m4a|aac|png|jpe?g|webp|gif|bmp|tiff?)$/i;

/** Files of a folder and the folders in it, as paths within it, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Rows of a folder of audio or images: `{ path, file_name }` for each file, its content unread; `label` is the name of
 * the folder it is in, where files are in folders. `metadata.jsonl` or `metadata.csv`, where there is one, adds columns
 * by `file_name`.
 *
 * @throws when the folder holds no such file, or the metadata names one that is not there
 */
export const readMediaFolder: Reader = async function* (folder, options, from) {
  const names = listFiles(folder).filter((name) => MEDIA.test(name));
  if (names.length === 0) throw new Error(`${folder}: holds no audio or images (${MEDIA.source})`);
  const labelled = names.every((name) => name.includes(sep));
  const metadata = await readMetadata(folder, options);
  if (metadata) {
    const found = new Set(names.map(portable));
    const missing = [...metadata.keys()].find((name) => !found.has(name));
    if (missing !== undefined) {
      const problem = `${folder}: the metadata names ${missing}, which is not there`;
      if (!options.onInvalid) throw new Error(problem);
      for (const name of metadata.keys())
        if (!found.has(name)) options.onInvalid(`${folder}: no file ${name}`);
    }
  }
  const size = 1024;
  for (let at = (from as number | undefined) ?? 0; at < names.length; at += size) {
    const rows = names.slice(at, at + size).map((name): Row => {
      const row: Row = { path: join(folder, name), file_name: portable(name) };
      if (labelled) row.label = basename(dirname(name));
      return { ...row, ...metadata?.get(portable(name)) };
    });
    yield { rows, at };
  }
};

const portable = (name: string) => name.split(sep).join('/');

async function readMetadata(
  folder: string,
  options: Parameters<Reader>[1],
): Promise<Map<string, Row> | undefined> {
  for (const [name, read] of [
    ['metadata.jsonl', readJsonl],
    ['metadata.csv', readCsv],
  ] as const) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const rows = new Map<string, Row>();
    for await (const run of read(path, options)) {
      for (const row of run.rows) {
        if (typeof row.file_name !== 'string')
          throw new Error(`${path}: every row must have a file_name, found ${JSON.stringify(row)}`);
        rows.set(row.file_name, row);
      }
    }
    return rows;
  }
  return undefined;
}
