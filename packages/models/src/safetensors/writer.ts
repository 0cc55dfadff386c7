import { writeFileAtomic } from './atomic-write.ts';
import { DTYPE_BYTES, type DtypeArray, type SafetensorsDtype } from './dtypes.ts';

/** A tensor to write. `data` is called once, when its turn comes, so that only one tensor is in memory. */
export interface TensorSource {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
  data: () => DtypeArray;
}

/** Bytes a tensor occupies in a file. */
export function tensorBytes({ dtype, shape }: Pick<TensorSource, 'dtype' | 'shape'>): number {
  return shape.reduce((size, n) => size * n, DTYPE_BYTES[dtype] as number);
}

/**
 * Writes a safetensors file atomically. Tensors are ordered by dtype, widest first, then by name, as in the reference
 * implementation: the same tensors give the same bytes.
 *
 * @param metadata free text; PyTorch readers expect `{ format: 'pt' }`, the default
 */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Record<string, string> = { format: 'pt' },
): void {
  const order = Object.keys(DTYPE_BYTES);
  const sorted = [...tensors].sort(
    (a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype) || (a.name < b.name ? -1 : 1),
  );
  writeFileAtomic(path, fileChunks(path, sorted, metadata));
}

function* fileChunks(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Record<string, string>,
): Generator<Uint8Array> {
  yield headerBytes(path, tensors, metadata);
  for (const tensor of tensors) {
    const data = tensor.data();
    const wanted = tensorBytes(tensor);
    if (data.byteLength !== wanted)
      throw new Error(`tensor ${tensor.name}: expected ${wanted} bytes, found ${data.byteLength}`);
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

function headerBytes(path: string, tensors: readonly TensorSource[], metadata: Record<string, string>) {
  // A plain object would move names that look like whole numbers to its front.
  const entries = [`"__metadata__":${JSON.stringify(metadata)}`];
  const names = new Set<string>();
  let offset = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (names.has(name) || name === '__metadata__') throw new Error(`${path}: tensor name ${name} is taken`);
    names.add(name);
    const end = offset + tensorBytes(tensor);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}
