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

/** A kernel's inputs by name. Kernels of ragged tensors have lists of tensors among them. */
export type HostInputs = Record<string, TensorInfo | TensorInfo[] | undefined>;

/** Whether a kernel is asked for numbers or texts that ONNX does not process. */
export function needsHost(inputs: HostInputs, attrs: object): boolean {
  const { dtype } = attrs as { dtype?: DataType };
  const foreign = (type?: DataType) => type === 'complex64' || type === 'string';
  for (const name in inputs) if (foreign((inputs[name] as TensorInfo | undefined)?.dtype)) return true;
  return foreign(dtype);
}

/**
 * Computes one kernel on the host.
 * @throws when TensorFlow.js's `cpu` backend has no such kernel either.
 */
export function computeOnHost(
  kernelName: string,
  inputs: HostInputs,
  valuesOf: (info: TensorInfo) => BackendValues,
  attrs: object,
): HostTensor | HostTensor[] {
  const kernel = getKernel(kernelName, 'cpu');
  if (!kernel) throw new Error(`${kernelName}: no kernel for the onnx backend and none for the cpu backend`);
  cpu ??= new MathBackendCPU();
  const backend = cpu;
  const temporary: TensorInfo[] = [];
  const keep = (info: TensorInfo): TensorInfo => {
    temporary.push(info);
    return info;
  };
  const upload = (info: TensorInfo): TensorInfo => {
    const values = valuesOf(info);
    if (info.dtype !== 'complex64') {
      // Some kernels ask for more than a TensorInfo promises.
      const extras = { rank: info.shape.length, size: values!.length };
      return keep({ ...info, ...extras, dataId: backend.write(values, info.shape, info.dtype) });
    }
    const parts = backend_util.splitRealAndImagArrays(values as Float32Array);
    const real = keep(backend.makeTensorInfo(info.shape, 'float32', parts.real));
    const imag = keep(backend.makeTensorInfo(info.shape, 'float32', parts.imag));
    const complex = getKernel('Complex', 'cpu');
    return keep(complex.kernelFunc({ inputs: { real, imag }, attrs: {}, backend }) as TensorInfo);
  };
  // Array inputs (`Concat`) must stay arrays.
  const uploaded = (Array.isArray(inputs) ? [] : {}) as Record<string, TensorInfo>;
  for (const name in inputs) {
    const input = inputs[name];
    if (input) uploaded[name] = (Array.isArray(input) ? input.map(upload) : upload(input)) as TensorInfo;
  }
  try {
    const result = kernel.kernelFunc({ inputs: uploaded, attrs: attrs as never, backend });
    const download = (info: TensorInfo): HostTensor => {
      const { shape, dtype } = keep(info);
      return { values: backend.readSync(info.dataId), shape, dtype };
    };
    return Array.isArray(result) ? result.map(download) : download(result as TensorInfo);
  } finally {
    for (const { dataId } of temporary) backend.disposeData(dataId, true);
  }
}
