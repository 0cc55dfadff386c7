import { engine, getKernel, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';

/** Whether the current backend has a kernel of its own for a fused operation; otherwise its composition runs. */
export function hasKernel(kernelName: string): boolean {
  const { backendName } = engine();
  return backendName != null && getKernel(kernelName, backendName) != null;
}

/** Runs the current backend's kernel for a fused operation. A list of inputs is for those that may be missing. */
export function runKernel<T extends Tensor | Tensor[]>(
  kernelName: string,
  inputs: Record<string, Tensor> | Tensor[],
  attrs: object = {},
): T {
  return engine().runKernel(kernelName, inputs as NamedTensorMap, attrs as never) as T;
}
