export { exportOnnx } from './export-onnx.ts';
export { type JitArguments, type JitFunction, type JitOptions, jit } from './jit.ts';
export { memoryInfo, type OnnxMemoryInfo } from './memory-info.ts';
export { readInto } from './read-into.ts';
export { type BackendInfo, type BackendName, type BackendOptions, useBackend } from './use-backend.ts';
