import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.ts';

/**
 * Bytes per element of every dtype of the safetensors format whose elements fill whole bytes, in the order in which the
 * reference implementation writes tensors: widest first, so that each is aligned.
 */
export const DTYPE_BYTES = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** A dtype as safetensors headers spell it. */
export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

/** The dtypes a float32 weight can be saved as. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** The typed array that holds a dtype's elements; halves and bytes without a JavaScript twin keep their bits. */
export type DtypeArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** True when `name` is a dtype of the format. */
export function isDtype(name: unknown): name is SafetensorsDtype {
  return typeof name === 'string' && Object.hasOwn(DTYPE_BYTES, name);
}

/** Views bytes (little-endian, at an offset that is a multiple of the element size) as elements. */
export function viewAs(bytes: Uint8Array, dtype: SafetensorsDtype): DtypeArray {
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer, byteOffset, length);
    case 'F32':
      return new Float32Array(buffer, byteOffset, length);
    case 'F16':
    case 'BF16':
    case 'U16':
      return new Uint16Array(buffer, byteOffset, length);
    case 'I64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'U64':
      return new BigUint64Array(buffer, byteOffset, length);
    case 'I32':
      return new Int32Array(buffer, byteOffset, length);
    case 'U32':
      return new Uint32Array(buffer, byteOffset, length);
    case 'I16':
      return new Int16Array(buffer, byteOffset, length);
    case 'I8':
      return new Int8Array(buffer, byteOffset, length);
    default:
      return new Uint8Array(buffer, byteOffset, length);
  }
}

/** Converts F64, F32, F16 or BF16 bytes to float32; `undefined` for every other dtype. */
export function toFloat32(bytes: Uint8Array, dtype: SafetensorsDtype): Float32Array | undefined {
  switch (dtype) {
    case 'F32':
      return viewAs(bytes, dtype) as Float32Array;
    case 'F64':
      return Float32Array.from(viewAs(bytes, dtype) as Float64Array);
    case 'F16':
      return float16ToFloat32(viewAs(bytes, dtype) as Uint16Array);
    case 'BF16':
      return bfloat16ToFloat32(viewAs(bytes, dtype) as Uint16Array);
    default:
      return undefined;
  }
}

/** Converts float32 to the bytes of `dtype`, to nearest and ties to even. */
export function fromFloat32(values: Float32Array, dtype: FloatDtype): DtypeArray {
  if (dtype === 'F16') return float32ToFloat16(values);
  return dtype === 'BF16' ? float32ToBfloat16(values) : values;
}
