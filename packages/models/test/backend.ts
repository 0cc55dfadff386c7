import { type BackendName, useBackend } from '@attune/backend-onnx';
import { env } from '@tensorflow/tfjs-core';

/** Chooses the backend of a test file: TensorFlow.js's own CPU backend, or what `ATTUNE_BACKEND` names. */
export async function useTestBackend(): Promise<void> {
  env().set('IS_TEST', true); // no greeting on stderr
  await useBackend((process.env.ATTUNE_BACKEND ?? 'cpu') as BackendName, { quiet: true });
}
