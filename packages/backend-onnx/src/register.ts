/** Registers the backend, its kernels and gradients with TensorFlow.js. Importing this file loads native code. */
import { findBackend, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { OnnxBackend, type OnnxBackendOptions } from './backend.ts';
import './kernels/index.ts';
import './gradients/index.ts';
import { BACKEND_NAME } from './kernels/registry.ts';

/**
 * The registered `onnx` backend, registered now if there is none.
 * Options other than those of the present one replace it; its tensors move over when they are next used.
 */
export function registerOnnxBackend(options: OnnxBackendOptions = {}): OnnxBackend {
  const present = findBackendFactory(BACKEND_NAME) && (findBackend(BACKEND_NAME) as OnnxBackend | null);
  if (present && sameOptions(present.options, options)) return present;
  present?.closeSessions();
  const backend = new OnnxBackend(options);
  if (present) removeBackend(BACKEND_NAME);
  registerBackend(BACKEND_NAME, () => backend, 10);
  return backend;
}

function sameOptions(a: OnnxBackendOptions, b: OnnxBackendOptions): boolean {
  return Object.keys({ ...a, ...b }).every((key) => {
    const name = key as keyof OnnxBackendOptions;
    return key === 'quiet' || JSON.stringify(a[name]) === JSON.stringify(b[name]);
  });
}
