import { createReadStream, statSync } from 'node:fs';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Bytes asked of the file system at once. */
const CHUNK_BYTES = 1 << 20;

/** What `readBytes` unpacks by a file's ending. */
export const COMPRESSED = /\.(gz|zst)$/;

/** @throws when there is no file at `path`, or (unless it may be) an empty one */
export function requireFile(path: string, { empty = false }: { empty?: boolean } = {}): void {
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
  if (!empty && stats.isFile() && stats.size === 0) throw new Error(`${path}: is empty (0 bytes)`);
}

/**
 * The bytes of a file, unpacked when its name ends in `.gz` or `.zst`; memory does not grow with the file.
 *
 * @param start unpacked bytes to leave out. A plain file is entered there; a packed one is unpacked up to there.
 * @throws one line that names the file when it is missing, empty, cut off or damaged
 */
export async function* readBytes(path: string, start = 0): AsyncGenerator<Buffer> {
  requireFile(path);
  const packed = COMPRESSED.test(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, start: packed ? 0 : start });
  let skip = packed ? start : 0;
  try {
    for await (const chunk of unpack(path, file)) {
      if (skip >= chunk.length) skip -= chunk.length;
      else {
        yield skip > 0 ? chunk.subarray(skip) : chunk;
        skip = 0;
      }
    }
  } catch (error) {
    throw explain(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
  }
}

/** The bytes of a file as they are. */
export function readBytesRaw(path: string): AsyncIterable<Buffer> {
  requireFile(path);
  return createReadStream(path, { highWaterMark: CHUNK_BYTES });
}

function unpack(path: string, file: ReturnType<typeof createReadStream>): AsyncIterable<Buffer> {
  if (path.endsWith('.gz')) return through(file, zlib.createGunzip({ chunkSize: CHUNK_BYTES }));
  if (!path.endsWith('.zst')) return file;
  const { createZstdDecompress } = zlib as ZstdZlib;
  return createZstdDecompress ? through(file, createZstdDecompress()) : unpackZstd(file);
}

/** What zlib has of Zstandard: from Node 22.15 on. */
export interface ZstdZlib {
  createZstdDecompress?: () => Transform;
  createZstdCompress?: () => Transform;
  zstdDecompressSync?: (bytes: Uint8Array) => Buffer;
}

function through(file: ReturnType<typeof createReadStream>, transform: Transform): AsyncIterable<Buffer> {
  file.on('error', (error) => transform.destroy(error)).pipe(transform);
  return transform;
}

/** Zstandard where Node has none. */
async function* unpackZstd(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  let unpacked: Buffer[] = [];
  let ended = false;
  const decoder = new Decompress((bytes, final) => {
    unpacked.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    ended = final === true;
  });
  for await (const chunk of file) {
    decoder.push(chunk);
    yield* unpacked;
    unpacked = [];
  }
  decoder.push(new Uint8Array(0), true);
  yield* unpacked;
  if (!ended) throw new Error('unexpected EOF');
}

function explain(path: string, error: NodeJS.ErrnoException): Error {
  const again = 'copy or download it again';
  const { code = '', message } = error;
  const format = path.endsWith('.zst') ? 'Zstandard' : 'gzip';
  let reason = `cannot be read (${message})`;
  if (code === 'Z_BUF_ERROR' || /unexpected EOF|unexpected end/i.test(message))
    reason = `is cut off: the ${format} stream ends early; ${again}`;
  else if (code === 'Z_DATA_ERROR' || /^ZSTD|zstd|invalid/i.test(code + message))
    reason = `is damaged or no ${format} file (${message}); ${again}`;
  return new Error(`${path}: ${reason}`, { cause: error });
}
