import { DTYPE_BYTES, isDtype, type SafetensorsDtype } from './dtypes.ts';
import { duplicateKey } from './duplicate-key.ts';

/** One tensor of a file: where its bytes lie and what they mean. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** A validated header. */
export interface SafetensorsHeader {
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The `__metadata__` entry: free text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Parses the JSON header of a safetensors file and checks it against the specification: known dtypes, shapes
 * that fit their bytes, and offsets that cover the data without gap or overlap.
 * Source: the safetensors format, https://github.com/huggingface/safetensors#format.
 *
 * @param dataBytes bytes that follow the header in the file
 * @throws one line that names the file, the tensor, what was found and what was wanted
 */
export function parseHeader(file: string, json: string, dataBytes: number): SafetensorsHeader {
  const header = parseObject(file, json);
  const duplicate = duplicateKey(json);
  if (duplicate !== undefined) throw new Error(`${file}: tensor ${duplicate} appears twice in the header`);
  const { __metadata__: metadata = {}, ...rest } = header;
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(file, name, value));
  entries.sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  checkCoverage(file, entries, dataBytes);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
    metadata: parseMetadata(file, metadata),
  };
}

function parseObject(file: string, json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`${file}: the safetensors header is not JSON (${(error as Error).message})`);
  }
  if (!isObject(value)) throw new Error(`${file}: the safetensors header must be a JSON object`);
  return value;
}

function parseMetadata(file: string, value: unknown): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string'))
    throw new Error(`${file}: __metadata__ must map strings to strings, found ${JSON.stringify(value)}`);
  return value as Record<string, string>;
}

function parseEntry(file: string, name: string, value: unknown): TensorEntry {
  const where = `${file}: tensor ${name}`;
  if (!isObject(value)) throw new Error(`${where}: entry must be an object, found ${JSON.stringify(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype))
    throw new Error(
      `${where}: unknown dtype ${JSON.stringify(dtype)}, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}`,
    );
  if (!isCounts(shape))
    throw new Error(`${where}: shape must be a list of whole numbers >= 0, found ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[1]! < offsets[0]!)
    throw new Error(`${where}: data_offsets must be [begin, end], found ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const wanted = shape.reduce((size, n) => size * n, DTYPE_BYTES[dtype] as number);
  if (end - begin !== wanted)
    throw new Error(
      `${where}: ${dtype} [${shape.join(', ')}] needs ${wanted} bytes, but data_offsets span ${end - begin}`,
    );
  return { name, dtype, shape, offsets: [begin, end] };
}

/** `entries` are sorted by offset; each must begin where the one before ended, and the last at the file's end. */
function checkCoverage(file: string, entries: readonly TensorEntry[], dataBytes: number): void {
  let end = 0;
  let previous = '';
  for (const { name, offsets } of entries) {
    if (offsets[1] > dataBytes)
      throw new Error(
        `${file}: tensor ${name} ends at byte ${offsets[1]} of the data, but the file holds ${dataBytes}: truncated?`,
      );
    if (offsets[0] < end) throw new Error(`${file}: tensor ${name} overlaps tensor ${previous}`);
    if (offsets[0] > end)
      throw new Error(`${file}: ${offsets[0] - end} bytes before tensor ${name} belong to no tensor`);
    end = offsets[1];
    previous = name;
  }
  if (end !== dataBytes)
    throw new Error(`${file}: ${dataBytes - end} bytes after the last tensor belong to no tensor`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
