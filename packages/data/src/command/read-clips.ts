import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClipColumns } from '../concat/group-clips.ts';
import { openStream } from '../dataset/open-stream.ts';
import { Manifest } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { durationProblem, hashSpeaker, type Utterance } from '../manifest/utterance.ts';

/** Names under which data hold what a manifest needs; the first that is there counts. */
const NAMES: Record<keyof Utterance, readonly string[]> = {
  path: ['path', 'audio_filepath', 'audio_path', 'file', 'wav', 'audio', 'id'],
  duration: ['duration', 'duration_seconds', 'seconds', 'length'],
  text: ['text', 'sentence', 'transcript', 'transcription'],
  language: ['language', 'lang', 'locale'],
  region: ['region', 'country', 'dialect', 'accent'],
  speaker: ['speaker', 'speaker_id', 'client_id'],
};

/** Clips as columns, and rows that were left out because they have no valid duration. */
export interface Clips {
  columns: ClipColumns;
  skipped: number;
}

/** The manifest that a path is, or undefined. */
export function manifestAt(path: string): Manifest | undefined {
  return existsSync(join(path, 'manifest.json')) ? Manifest.open(path) : undefined;
}

/** All clips of a manifest in memory: 4 bytes for each column that keeps clips apart, and 4 for the duration. */
export function clipsOfManifest(manifest: Manifest): ClipColumns {
  const columns: ClipColumns = { duration: new Uint32Array(manifest.rows) };
  const keys = (['language', 'region', 'speaker'] as const).filter((key) => manifest.has(key));
  for (const key of keys) columns[key] = new Uint32Array(manifest.rows);
  for (let chunk = 0; chunk < manifest.chunks; chunk++) {
    const { first } = manifest.chunkRange(chunk);
    const { columns: values } = manifest.readChunk(chunk);
    for (const key of ['duration', ...keys] as const) (columns[key] as Uint32Array).set(values[key]!, first);
  }
  return columns;
}

/** What `readClips` does besides. */
export interface ReadClipsOptions {
  /** Write a manifest into this folder. */
  manifest?: string | undefined;
  /** Leave out rows without a valid duration, and count them. */
  skipInvalid?: boolean | undefined;
  onProgress?: ((rows: number) => void) | undefined;
}

/**
 * The clips of data files whose rows have a duration in seconds, and perhaps language, region and speaker.
 * @throws naming the row that has no valid duration, or the columns found when there is none of durations
 */
export async function readClips(paths: readonly string[], options: ReadClipsOptions = {}): Promise<Clips> {
  const { manifest, skipInvalid = false, onProgress } = options;
  const writer = manifest ? new ManifestWriter(manifest, { chunkRows: 64 }) : undefined;
  try {
    const clips = await gather(paths, {
      skipInvalid,
      onProgress,
      each: (utterance) => writer?.append(utterance),
    });
    writer?.close();
    return clips;
  } catch (error) {
    writer?.abort();
    throw error;
  }
}

async function gather(
  paths: readonly string[],
  {
    skipInvalid,
    onProgress,
    each,
  }: { skipInvalid: boolean; onProgress: ((rows: number) => void) | undefined; each: (u: Utterance) => void },
): Promise<Clips> {
  const durations: number[] = [];
  const codes = { language: [] as number[], region: [] as number[], speaker: [] as number[] };
  const names = new Map<string, number>([['', 0]]);
  let columns: Partial<Record<keyof Utterance, string>> | undefined;
  let [row, skipped] = [0, 0];
  for await (const values of openStream({ path: paths })) {
    columns ??= findColumns(values, paths.join(', '));
    const of = (name: keyof Utterance) => values[columns![name] ?? ''];
    const seconds = of('duration');
    const duration = typeof seconds === 'bigint' ? Number(seconds) : (seconds as number);
    row++;
    if (row % 10_000 === 0) onProgress?.(row);
    const problem = durationProblem(duration);
    if (problem && !skipInvalid)
      throw new Error(
        `row ${row}: ${columns.duration} must be a number of seconds > 0, found ${JSON.stringify(seconds) ?? seconds}; ` +
          '--skip-invalid leaves such rows out and counts them',
      );
    if (problem) {
      skipped++;
      continue;
    }
    const utterance: Utterance = { path: String(of('path') ?? row - 1), duration };
    for (const name of ['text', 'language', 'region', 'speaker'] as const) {
      const value = of(name);
      if (value !== undefined) utterance[name] = String(value);
    }
    each(utterance);
    durations.push(Math.ceil(duration * 1000 - 1e-6));
    for (const name of ['language', 'region'] as const) {
      const value = utterance[name] ?? '';
      if (!names.has(value)) names.set(value, names.size);
      codes[name].push(names.get(value)!);
    }
    codes.speaker.push(hashSpeaker(utterance.speaker));
  }
  if (durations.length === 0) throw new Error(`${paths.join(', ')}: holds no clip with a duration`);
  const clips: ClipColumns = { duration: Uint32Array.from(durations) };
  for (const name of ['language', 'region', 'speaker'] as const)
    if (columns?.[name]) clips[name] = Uint32Array.from(codes[name]);
  return { columns: clips, skipped };
}

function findColumns(row: Record<string, unknown>, where: string): Partial<Record<keyof Utterance, string>> {
  const found: Partial<Record<keyof Utterance, string>> = {};
  for (const [name, candidates] of Object.entries(NAMES) as [keyof Utterance, readonly string[]][]) {
    const column = candidates.find((candidate) => candidate in row);
    if (column) found[name] = column;
  }
  if (!found.duration)
    throw new Error(
      `${where}: has no column of durations; expected one of ${NAMES.duration.join(', ')}, found ${Object.keys(row).join(', ')}`,
    );
  return found;
}
