/** Registers the backend, its kernels and gradients with TensorFlow.js. Importing this file loads native code. */
import { findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { OnnxBackend, type OnnxBackendOptions } from './backend.ts';
import './kernels/index.ts';
import './gradients/index.ts';
import { BACKEND_NAME } from './kernels/registry.ts';

/** Registers a new `onnx` backend, in place of any earlier one. */
export function registerOnnxBackend(options: OnnxBackendOptions = {}): OnnxBackend {
  const backend = new OnnxBackend(options);
  if (findBackendFactory(BACKEND_NAME)) removeBackend(BACKEND_NAME);
  registerBackend(BACKEND_NAME, () => backend, 10);
  return backend;
}
