import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../dataset.ts';
import { openArrow } from '../files/arrow.ts';
import { writeAtomically } from './atomic-file.ts';
import { contentHash } from './fingerprint.ts';
import type { LoadSpec } from './load-dataset.ts';
import { openStream, type SourceFile } from './open-stream.ts';
import { writeDataset } from './write-dataset.ts';

/** Changes when the same file would be cached otherwise. */
const LAYOUT = '1';

/** Files that a process left when it was ended while writing are removed after this long. */
const ABANDONED_MS = 24 * 3600 * 1000;

/** Where datasets are cached: `ATTUNE_CACHE`, or `attune` in the user's folder for caches. */
export function cacheFolder(): string {
  return process.env.ATTUNE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'attune');
}

/**
 * The rows of files from their Arrow file in the cache, which is written first where there is none. Its name is the
 * hash of the files' content and of what decides how they are read, and it is there whole or not at all: what changed
 * is read anew, and what was half-written is never read.
 */
export async function loadCached(spec: LoadSpec, files: readonly SourceFile[]): Promise<Dataset> {
  const folder = typeof spec.cache === 'string' ? spec.cache : cacheFolder();
  const paths = files.map(({ path }) => path);
  const media = files.find(({ type }) => type === 'media');
  if (media) throw new Error(`${media.path}: a folder of audio or images needs no cache; leave it out`);
  const types = files.map(({ type }) => type).join();
  const skipping = spec.onInvalid ? 'skip' : 'strict';
  const key = await contentHash(paths, LAYOUT, types, spec.sampleBy ?? 'document', skipping);
  const cached = join(folder, `${key}.arrow`);
  const problemsFile = join(folder, `${key}.problems.json`);
  if (existsSync(cached)) {
    if (spec.onInvalid && existsSync(problemsFile))
      for (const problem of JSON.parse(readFileSync(problemsFile, 'utf8'))) spec.onInvalid(problem);
    return openArrow(cached, key);
  }
  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder);
  // Rows may be read twice, and their problems be told once.
  const problems = new Set<string>();
  const onInvalid = spec.onInvalid && ((problem: string) => void problems.add(problem));
  await writeDataset(openStream({ ...spec, path: paths, onInvalid }), cached);
  if (spec.onInvalid) {
    for (const problem of problems) spec.onInvalid(problem);
    await writeAtomically(problemsFile, (partial) => writeFile(partial, JSON.stringify([...problems])));
  }
  return openArrow(cached, key);
}

function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.partial')) continue;
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > ABANDONED_MS) rmSync(path, { force: true });
  }
}
