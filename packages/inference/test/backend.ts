import '@tensorflow/tfjs-backend-cpu';
import { ready, setBackend } from '@tensorflow/tfjs-core';

/** TensorFlow.js's own cpu backend: the reference, and there on every machine. */
export async function useTestBackend(): Promise<void> {
  await setBackend(process.env.ATTUNE_BACKEND ?? 'cpu');
  await ready();
}
