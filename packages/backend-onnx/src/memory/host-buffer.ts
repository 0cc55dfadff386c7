import type { DataType } from '@tensorflow/tfjs-core';
import type { ElementType } from '../graph/types.ts';

/** Bytes per element. */
export const ELEMENT_BYTES: Record<ElementType, number> = {
  float32: 4,
  int32: 4,
  bool: 1,
  int64: 8,
  uint8: 1,
  uint32: 4,
  float64: 8,
};

export type HostArray = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/**
 * Memory of one tensor, shared by reference counting.
 *
 * The bytes lie in an explicit `ArrayBuffer`, which never moves; V8 keeps small typed arrays inside its own heap,
 * where the garbage collector would move them under ONNX Runtime's pointer.
 */
export class HostBuffer {
  references = 1;
  /** Set once user code has seen the bytes: they must then never be reused for another tensor. */
  escaped = false;
  /** ONNX Runtime's tensors over these bytes, by type and shape. */
  readonly ortValues = new Map<string, bigint>();

  readonly bytes: ArrayBuffer;

  constructor(bytes: ArrayBuffer) {
    this.bytes = bytes;
  }

  /** The elements, without a copy. */
  view(dtype: DataType): HostArray {
    if (dtype === 'float32') return new Float32Array(this.bytes);
    if (dtype === 'int32') return new Int32Array(this.bytes);
    return new Uint8Array(this.bytes);
  }

  retain(): this {
    this.references++;
    return this;
  }
}

/** Free memory that is always kept for reuse; beyond it, as much as is in use. */
const MIN_RESERVE = 64 * 2 ** 20;

/** Recycles buffers of equal size: fresh memory costs a page fault per 4 KB, about 0.25 ms per MB. */
export class BufferPool {
  /** Buffers and bytes that tensors, constants or running sessions hold. */
  liveBuffers = 0;
  liveBytes = 0;
  freeBytes = 0;
  readonly #free = new Map<number, HostBuffer[]>();
  readonly #releaseOrtValue: (value: bigint) => void;

  constructor(releaseOrtValue: (value: bigint) => void) {
    this.#releaseOrtValue = releaseOrtValue;
  }

  /** A buffer with one reference and arbitrary content. */
  acquire(byteLength: number): HostBuffer {
    this.liveBuffers++;
    this.liveBytes += byteLength;
    const free = this.#free.get(byteLength);
    if (free === undefined) return new HostBuffer(new ArrayBuffer(byteLength));
    const buffer = free.pop()!;
    if (free.length === 0) this.#free.delete(byteLength);
    this.freeBytes -= byteLength;
    buffer.references = 1;
    return buffer;
  }

  /** A buffer over bytes that belong to somebody else; they are never recycled. */
  adopt(bytes: ArrayBuffer): HostBuffer {
    this.liveBuffers++;
    this.liveBytes += bytes.byteLength;
    const buffer = new HostBuffer(bytes);
    buffer.escaped = true;
    return buffer;
  }

  /** Drops one reference; the last one returns the bytes to the pool. */
  release(buffer: HostBuffer): void {
    if (--buffer.references > 0) return;
    const { byteLength } = buffer.bytes;
    this.liveBuffers--;
    this.liveBytes -= byteLength;
    if (buffer.escaped) {
      this.#drop(buffer);
      return;
    }
    const free = this.#free.get(byteLength);
    if (free) free.push(buffer);
    else this.#free.set(byteLength, [buffer]);
    this.freeBytes += byteLength;
    this.#trim(Math.max(MIN_RESERVE, this.liveBytes));
  }

  /** Gives all unused memory back. */
  clear(): void {
    this.#trim(0);
  }

  /** Drops free buffers, those of the size that was first freed first, until at most `limit` bytes remain. */
  #trim(limit: number): void {
    for (const [byteLength, free] of this.#free) {
      while (this.freeBytes > limit && free.length > 0) {
        this.#drop(free.pop()!);
        this.freeBytes -= byteLength;
      }
      if (free.length > 0) return;
      this.#free.delete(byteLength);
    }
  }

  #drop(buffer: HostBuffer): void {
    for (const value of buffer.ortValues.values()) this.#releaseOrtValue(value);
    buffer.ortValues.clear();
  }
}
