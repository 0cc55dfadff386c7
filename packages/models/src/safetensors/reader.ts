import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type DtypeArray, toFloat32, viewAs } from './dtypes.ts';
import { parseHeader, type SafetensorsHeader, type TensorEntry } from './header.ts';

/** The format's own bound on a header, against files that claim an absurd length. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * An open safetensors file. Only its header is in memory; each read fetches one tensor's bytes.
 * Close it, or use `withSafetensors`.
 */
export class SafetensorsFile implements SafetensorsHeader {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #fd: number;
  readonly #dataStart: number;

  /** Opens and validates; see `parseHeader` for what is refused. */
  constructor(path: string) {
    this.path = path;
    this.#fd = open(path);
    try {
      const { json, dataStart, dataBytes } = readHeader(this.#fd, path);
      const header = parseHeader(path, json, dataBytes);
      this.tensors = header.tensors;
      this.metadata = header.metadata;
      this.#dataStart = dataStart;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** What the header says of a tensor. Throws when the file has none of that name. */
  entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (!entry) throw new Error(`${this.path}: has no tensor ${name}`);
    return entry;
  }

  /** A tensor's raw bytes, read now. */
  bytes(name: string): Uint8Array {
    const [begin, end] = this.entry(name).offsets;
    return readExactly(this.#fd, this.path, this.#dataStart + begin, end - begin);
  }

  /** A tensor's elements as they are stored; F16 and BF16 as their 16 bits. */
  read(name: string): DtypeArray {
    return viewAs(this.bytes(name), this.entry(name).dtype);
  }

  /** A floating-point tensor widened (or, from F64, rounded) to float32. Throws on other dtypes. */
  readFloat32(name: string): Float32Array {
    const { dtype } = this.entry(name);
    const values = toFloat32(this.bytes(name), dtype);
    if (!values)
      throw new Error(`${this.path}: tensor ${name} is ${dtype}, expected one of F32, F16, BF16, F64`);
    return values;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Opens a file, hands it to `use`, and closes it whatever happens. */
export function withSafetensors<T>(path: string, use: (file: SafetensorsFile) => T): T {
  const file = new SafetensorsFile(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new Error(`${path}: cannot open (${(error as Error).message})`);
  }
}

function readHeader(fd: number, path: string): { json: string; dataStart: number; dataBytes: number } {
  const { size } = fstatSync(fd);
  if (size < 8) throw new Error(`${path}: a safetensors file has at least 8 bytes, found ${size}`);
  const length = new DataView(readExactly(fd, path, 0, 8).buffer).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER_BYTES, size - 8);
  if (length > most)
    throw new Error(`${path}: header length ${length} exceeds ${most}: truncated, or not a safetensors file`);
  const dataStart = 8 + Number(length);
  const bytes = readExactly(fd, path, 8, Number(length));
  return { json: decodeUtf8(bytes, path), dataStart, dataBytes: size - dataStart };
}

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${path}: the safetensors header is not UTF-8`);
  }
}

/** Reads into a fresh buffer of its own, so that any element type can view it. */
function readExactly(fd: number, path: string, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, Math.min(length - done, 1 << 30), position + done);
    if (count === 0) throw new Error(`${path}: ends at byte ${position + done}, wanted ${position + length}`);
    done += count;
  }
  return bytes;
}
