import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from './backend.ts';

/**
 * Copies a tensor's values into an array of the caller, for what is read again and again. `dataSync()` and `data()` hand out
 * the tensor's memory itself, which can then never be used for another tensor: a megabyte for each token, say, keeps the
 * garbage collector busy. On other backends it is `data()` and a copy.
 *
 * @param tensor of float32 or int32
 * @param target as many elements as the tensor, of its type
 * @throws Error when the number of elements or the type differs
 */
export async function readInto(tensor: Tensor, target: Float32Array | Int32Array): Promise<void> {
  const type = target instanceof Float32Array ? 'float32' : 'int32';
  if (target.length !== tensor.size || type !== tensor.dtype) {
    throw new Error(
      `readInto: the target must hold ${tensor.size} numbers of ${tensor.dtype}, found ${target.length} of ${type}`,
    );
  }
  const backend = engine().backend as Partial<OnnxBackend>;
  if (backend.readInto) backend.readInto(tensor.dataId, target as Float32Array<ArrayBuffer>);
  else target.set((await tensor.data()) as Float32Array);
}
