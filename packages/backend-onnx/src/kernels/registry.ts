import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from '../backend.ts';
import type { Lowering } from '../graph/types.ts';

/** The name under which tfjs knows this backend. */
export const BACKEND_NAME = 'onnx';

/**
 * Registers a tfjs kernel that records nodes.
 *
 * The lowering receives the recorded inputs and the tfjs attributes and returns its output value (or values).
 * A later definition of the same kernel replaces the earlier one.
 */
export function defineKernel(kernelName: string, lowering: Lowering): void {
  registerKernel({
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      (backend as OnnxBackend).record(
        kernelName,
        lowering,
        inputs as Record<string, TensorInfo>,
        attrs ?? {},
      ),
  });
}

/**
 * Registers a tfjs kernel that shares its input's data under another shape, at no cost.
 * `shape` derives the new shape from the input and the attributes.
 */
export function defineAlias<A>(
  kernelName: string,
  input: string,
  shape: (x: TensorInfo, attrs: A) => number[],
): void {
  registerKernel({
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const x = (inputs as Record<string, TensorInfo>)[input]!;
      (backend as OnnxBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: shape(x, attrs as A), dtype: x.dtype };
    },
  });
}

/**
 * Registers a tfjs kernel that ONNX cannot express: its inputs are brought to the host, TensorFlow.js's `cpu`
 * backend computes, and the result is uploaded. It ends the pending graph, so it cannot be part of a `jit`.
 */
export function defineHostKernel(kernelName: string): void {
  registerKernel({
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      (backend as OnnxBackend).runOnHost(kernelName, inputs as Record<string, TensorInfo>, attrs ?? {}),
  });
}
