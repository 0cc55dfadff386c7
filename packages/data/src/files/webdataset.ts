import type { Row } from '../dataset.ts';
import { readBytes } from './bytes.ts';
import type { Reader } from './reader.ts';

const BLOCK = 512;

/** Bytes of samples that are objects at once. */
const RUN_BYTES = 1 << 20;

/**
 * Samples of a WebDataset shard: files of a tar archive that follow each other and share a name up to its first dot
 * are one row, with the name as `__key__` and a column for each extension. Texts are strings, `.json` is parsed,
 * `.cls` is a number, all else bytes. Also reads `.tar.gz`.
 *
 * @throws naming the file and the sample at which the archive is cut off or damaged
 */
export const readWebDataset: Reader = async function* (path, { onInvalid }, from) {
  const start = (from as number | undefined) ?? 0;
  let at = start;
  let rows: Row[] = [];
  let sample: { key: string; at: number; row: Row; broken?: string } | undefined;
  let bytes = 0;
  const finish = () => {
    if (!sample) return;
    if (sample.broken === undefined) rows.push(sample.row);
    else if (onInvalid) onInvalid(sample.broken);
    else throw new Error(sample.broken);
    sample = undefined;
  };
  for await (const { name, content, offset } of readTar(path, start, () => sample?.key)) {
    const slash = name.lastIndexOf('/') + 1;
    const dot = name.indexOf('.', slash);
    if (dot <= slash) continue;
    const key = name.slice(0, dot);
    const extension = name.slice(dot + 1).toLowerCase();
    if (sample?.key !== key) {
      finish();
      if (bytes >= RUN_BYTES) {
        yield { rows, at };
        rows = [];
        bytes = 0;
        at = offset;
      }
      sample = { key, at: offset, row: { __key__: key } };
    }
    bytes += content.length;
    try {
      sample.row[extension] = decode(extension, content);
    } catch (error) {
      sample.broken = `${path}: sample ${key}: ${name} cannot be read (${(error as Error).message})`;
    }
  }
  finish();
  if (rows.length > 0) yield { rows, at };
};

const TEXTS = new Set(['txt', 'text', 'transcript', 'md', 'html', 'csv', 'tsv']);

function decode(extension: string, content: Buffer): unknown {
  const last = extension.slice(extension.lastIndexOf('.') + 1);
  if (TEXTS.has(last)) return content.toString('utf8');
  if (last === 'json') return JSON.parse(content.toString('utf8'));
  if (['cls', 'cls2', 'index', 'id'].includes(last)) {
    const number = Number(content.toString('utf8'));
    if (!Number.isInteger(number))
      throw new Error(`expected a whole number, found ${content.toString('utf8', 0, 40)}`);
    return number;
  }
  return new Uint8Array(content);
}

interface TarEntry {
  name: string;
  content: Buffer;
  /** Where its header begins, names that stand before it included. */
  offset: number;
}

/** Files of a tar archive: ustar, with the long names of GNU and pax. */
async function* readTar(
  path: string,
  start: number,
  key: () => string | undefined,
): AsyncGenerator<TarEntry> {
  const source = new ByteQueue(readBytes(path, start));
  const cut = () =>
    new Error(
      `${path}: is cut off ${key() === undefined ? 'at its beginning' : `in or after sample ${key()}`}; copy or download it again`,
    );
  let offset = start;
  let begin = start;
  let longName: string | undefined;
  for (;;) {
    const header = await source.read(BLOCK);
    if (header.length === 0 || header.every((byte) => byte === 0)) return;
    if (header.length < BLOCK) throw cut();
    requireChecksum(path, header, offset);
    const size = parseSize(header);
    const content = await source.read(size);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (content.length < size || (await source.read(padding)).length < padding) throw cut();
    offset += BLOCK + size + padding;
    const type = String.fromCharCode(header[156]!);
    if (type === 'L') longName = text(content);
    else if (type === 'x')
      longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1] ?? longName;
    else {
      const prefix = text(header.subarray(345, 500));
      const short = text(header.subarray(0, 100));
      const isFile = type === '0' || type === '\0';
      const ustar = header.toString('latin1', 257, 262) === 'ustar' && header[263] === 0x30;
      const name = longName ?? (ustar && prefix !== '' ? `${prefix}/${short}` : short);
      if (isFile) yield { name, content, offset: begin };
      longName = undefined;
      begin = offset;
    }
  }
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or GNU's binary form for sizes from 8 GiB. */
function parseSize(header: Buffer): number {
  if ((header[124]! & 0x80) === 0) return Number.parseInt(text(header.subarray(124, 136)).trim() || '0', 8);
  return Number(header.readBigUInt64BE(128));
}

function requireChecksum(path: string, header: Buffer, offset: number): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : header[i]!;
  const found = Number.parseInt(text(header.subarray(148, 156)).trim(), 8);
  if (found !== sum)
    throw new Error(`${path}: is damaged or no tar archive: the header at byte ${offset} does not sum up`);
}

/** Bytes in the amounts that they are asked for. */
class ByteQueue {
  readonly #source: AsyncGenerator<Buffer>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncGenerator<Buffer>) {
    this.#source = source;
  }

  /** The next `count` bytes, fewer at the end. */
  async read(count: number): Promise<Buffer> {
    while (this.#length < count) {
      const { done, value } = await this.#source.next();
      if (done) break;
      this.#chunks.push(value);
      this.#length += value.length;
    }
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const taken = whole.subarray(0, count);
    const rest = whole.subarray(taken.length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return taken;
  }
}
