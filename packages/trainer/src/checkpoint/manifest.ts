import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';

const NAME = 'manifest.json';

interface Manifest {
  version: 1;
  /** By path relative to the checkpoint, with forward slashes. */
  files: Record<string, { bytes: number; sha256: string }>;
}

/** Syncs every file of a folder to the disk and writes `manifest.json` with their sizes and SHA-256. */
export function writeManifest(folder: string): void {
  const files: Manifest['files'] = {};
  for (const name of filesOf(folder)) files[name] = digest(join(folder, name), true);
  const manifest: Manifest = { version: 1, files };
  const path = join(folder, NAME);
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  const descriptor = openSync(path, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** What is wrong with a folder written with a manifest, in one line; `undefined` when every byte is as it was. */
export function verifyManifest(folder: string): string | undefined {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as Manifest;
  } catch {
    return `${folder}: ${NAME} is missing or not JSON`;
  }
  for (const [name, expected] of Object.entries(manifest.files ?? {})) {
    const path = join(folder, name);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return `${path} is missing`;
    if (size !== expected.bytes) return `${path} has ${size} bytes, expected ${expected.bytes}`;
    if (digest(path).sha256 !== expected.sha256) return `${path} does not match its checksum`;
  }
  return undefined;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== NAME)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

function digest(path: string, sync = false): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  const descriptor = openSync(path, sync ? 'r+' : 'r');
  try {
    const buffer = Buffer.alloc(1 << 20);
    for (let count = 1; count > 0; ) {
      count = readSync(descriptor, buffer);
      hash.update(buffer.subarray(0, count));
    }
    if (sync) fsyncSync(descriptor);
    return { bytes: fstatSync(descriptor).size, sha256: hash.digest('hex') };
  } finally {
    closeSync(descriptor);
  }
}
