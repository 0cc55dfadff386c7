/** Kernels of TensorFlow.js's `cpu` backend, run on host arrays. */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  type BackendValues,
  backend_util,
  type DataType,
  getKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** A tensor on the host. Complex numbers lie as alternating real and imaginary parts. */
export interface HostTensor {
  values: BackendValues;
  shape: number[];
  dtype: DataType;
}

let cpu: MathBackendCPU | undefined;

/**
 * Computes one kernel on the host.
 * @throws when TensorFlow.js's `cpu` backend has no such kernel either.
 */
export function computeOnHost(
  kernelName: string,
  inputs: Record<string, TensorInfo>,
  valuesOf: (info: TensorInfo) => BackendValues,
  attrs: object,
): HostTensor[] {
  const kernel = getKernel(kernelName, 'cpu');
  if (!kernel) throw new Error(`${kernelName}: no kernel for the onnx backend and none for the cpu backend`);
  cpu ??= new MathBackendCPU();
  const backend = cpu;
  const upload = (info: TensorInfo): TensorInfo => {
    if (info.dtype !== 'complex64') {
      return { ...info, dataId: backend.write(valuesOf(info), info.shape, info.dtype) };
    }
    const { real, imag } = backend_util.splitRealAndImagArrays(valuesOf(info) as Float32Array);
    const parts = {
      real: backend.makeTensorInfo(info.shape, 'float32', real),
      imag: backend.makeTensorInfo(info.shape, 'float32', imag),
    };
    return getKernel('Complex', 'cpu').kernelFunc({ inputs: parts, attrs: {}, backend }) as TensorInfo;
  };
  // Array inputs (`Concat`) must stay arrays.
  const uploaded = (Array.isArray(inputs) ? [] : {}) as Record<string, TensorInfo>;
  for (const name in inputs) if (inputs[name]) uploaded[name] = upload(inputs[name]);
  const result = kernel.kernelFunc({ inputs: uploaded, attrs: attrs as never, backend });
  const outputs = (Array.isArray(result) ? result : [result]) as TensorInfo[];
  const tensors = outputs.map(({ dataId, shape, dtype }) => ({
    values: backend.readSync(dataId),
    shape,
    dtype,
  }));
  for (const { dataId } of [...outputs, ...Object.values(uploaded)]) backend.disposeData(dataId, true);
  return tensors;
}
