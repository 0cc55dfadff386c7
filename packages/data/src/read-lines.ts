import { isUtf8 } from 'node:buffer';
import { createReadStream, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** A run of whole lines of a text file. */
export interface Lines {
  /** Number of the first line, from 1. */
  first: number;
  /** Without their line ends. */
  lines: string[];
}

/**
 * Reads a UTF-8 file, unpacked when its name ends in `.gz`, in runs of whole lines; memory does not grow with the file.
 *
 * @throws one line that names the file when it is missing, empty, cut off (gzip), unreadable or not UTF-8
 */
export async function* readLines(path: string): AsyncGenerator<Lines> {
  requireFile(path);
  const newline = 0x0a;
  let first = 1;
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of openBytes(path)) {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      carry = Buffer.concat([carry, chunk]);
      continue;
    }
    const whole = Buffer.concat([carry, chunk.subarray(0, end)]);
    carry = chunk.subarray(end + 1);
    const lines = decodeLines(path, whole, first);
    yield { first, lines };
    first += lines.length;
  }
  if (carry.length > 0) yield { first, lines: decodeLines(path, carry, first) };
}

/** The whole file as text; errors as `readLines`. */
export async function readText(path: string): Promise<string> {
  requireFile(path);
  const chunks: Buffer[] = [];
  for await (const chunk of openBytes(path)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  requireUtf8(path, bytes, 1);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** @throws when there is no file at `path`, or an empty one */
export function requireFile(path: string): void {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(code === 'ENOENT' ? `${path}: no such file` : `${path}: cannot be read (${code})`, {
      cause: error,
    });
  }
  if (stats.isDirectory()) throw new Error(`${path}: is a folder; name the file in it`);
  if (stats.isFile() && stats.size === 0) throw new Error(`${path}: is empty (0 bytes)`);
}

/** The bytes of a file, unpacked when its name ends in `.gz`. */
async function* openBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const gunzip = path.endsWith('.gz') ? createGunzip({ chunkSize: 1 << 20 }) : undefined;
  if (gunzip) file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  try {
    yield* gunzip ?? file;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      Z_BUF_ERROR: 'is cut off: the gzip stream ends early; copy or download it again',
      Z_DATA_ERROR: `is damaged or no gzip file (${message}); copy or download it again`,
    };
    throw new Error(`${path}: ${reasons[code ?? ''] ?? `cannot be read (${message})`}`, { cause: error });
  } finally {
    file.destroy();
  }
}

function decodeLines(path: string, bytes: Buffer, first: number): string[] {
  requireUtf8(path, bytes, first);
  const text = bytes.toString('utf8');
  return (first === 1 ? text.replace(/^\uFEFF/, '') : text).split(/\r?\n/);
}

/** @throws naming the line and the first byte that is not UTF-8 */
function requireUtf8(path: string, bytes: Buffer, first: number): void {
  if (isUtf8(bytes)) return;
  // The longest valid prefix ends where a decode stops being lossless; halve towards it.
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8Prefix(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  while (!isUtf8(bytes.subarray(0, valid))) valid--; // back to where the broken character begins
  const line = first + countNewlines(bytes.subarray(0, valid));
  const byte = `0x${bytes[valid]!.toString(16).padStart(2, '0')}`;
  throw new Error(
    `${path}:${line}: is not UTF-8: found the byte ${byte}; convert the file, e.g. iconv -t UTF-8`,
  );
}

/** Whether bytes could begin a UTF-8 text: valid but for a character that is cut off at the end. */
function isUtf8Prefix(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}
