import { engine } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from './backend.ts';
import type { ArenaInfo } from './ort/environment.ts';

/** What the onnx backend holds. */
export interface OnnxMemoryInfo extends ArenaInfo {
  /** Buffers that tensors, compiled functions and the pending graph use, and their bytes. */
  liveBuffers: number;
  liveBytes: number;
  /** Bytes of buffers kept for reuse. */
  freeBytes: number;
  /** Compiled graphs, and an estimate of their bytes. */
  sessions: number;
  sessionBytes: number;
}

/**
 * The memory of the onnx backend, beside `tf.memory()`. All of it but `arenaPeakBytes` stays constant from one training
 * step to the next.
 * @throws when another backend is active
 */
export function memoryInfo(): OnnxMemoryInfo {
  if (engine().backendName !== 'onnx') {
    throw new Error(`memoryInfo needs the onnx backend, found ${engine().backendName}`);
  }
  const { pool, sessions, runtime } = engine().backend as OnnxBackend;
  return {
    liveBuffers: pool.liveBuffers,
    liveBytes: pool.liveBytes,
    freeBytes: pool.freeBytes,
    sessions: sessions.size,
    sessionBytes: sessions.bytes,
    ...runtime.arenaInfo(),
  };
}
