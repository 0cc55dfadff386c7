import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../errors.ts';
import { verifyManifest, writeManifest } from './manifest.ts';

/** A finished checkpoint: a folder whose manifest lists every file with its checksum. */
export interface Checkpoint {
  /** Optimizer steps taken before it was written. */
  step: number;
  path: string;
}

const pattern = /^step-(\d+)$/;

/**
 * Writes one checkpoint so that it exists completely or not at all: into a hidden folder, every file synced,
 * a manifest of checksums last, then one rename. Then removes all but the newest `keep`.
 * @param folder the run's `checkpoints` folder, created when missing
 * @param fill writes the files into the folder it is given
 * @throws UserError when the disk is full or the folder cannot be written; earlier checkpoints are untouched
 */
export function writeCheckpoint(
  folder: string,
  step: number,
  fill: (path: string) => void,
  keep = Number.POSITIVE_INFINITY,
): Checkpoint {
  const name = `step-${String(step).padStart(6, '0')}`;
  const path = join(folder, name);
  const temporary = join(folder, `.writing-${name}`);
  try {
    mkdirSync(folder, { recursive: true });
    removeLeftovers(folder);
    mkdirSync(temporary);
    fill(temporary);
    writeManifest(temporary);
    // A folder of that name can only be one that `findCheckpoint` refused: move it out of the way.
    if (existsSync(path)) renameSync(path, join(folder, `.removing-${name}`));
    renameSync(temporary, path);
    syncFolder(folder);
  } catch (error) {
    removeQuietly(temporary);
    throw fileError(
      error,
      `cannot write checkpoint ${path}`,
      'Earlier checkpoints are intact; make room or choose another output folder, then continue with --resume',
    );
  }
  // What is removed is renamed first: a folder is never seen half deleted.
  for (const old of listCheckpoints(folder).slice(keep)) {
    renameSync(old.path, join(folder, `.removing-step-${old.step}`));
  }
  removeLeftovers(folder);
  return { step, path };
}

/** Checkpoints in a run's `checkpoints` folder, newest first, unverified. */
export function listCheckpoints(folder: string): Checkpoint[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const step = name.match(pattern)?.[1];
      return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * The newest checkpoint whose files all match their checksums.
 * @param skipped called with the reason for each newer one that was refused
 */
export function findCheckpoint(folder: string, skipped?: (reason: string) => void): Checkpoint | undefined {
  for (const checkpoint of listCheckpoints(folder)) {
    const problem = verifyManifest(checkpoint.path);
    if (problem === undefined) return checkpoint;
    skipped?.(problem);
  }
  return undefined;
}

/** Waits until the entries of a folder are on the disk. Windows cannot sync folders and need not. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Removes what a killed process left behind. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^\.(writing|removing)-/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The error that led here says more; the next write removes what is left.
  }
}
