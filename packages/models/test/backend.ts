import '@tensorflow/tfjs-backend-cpu';
import { env, setBackend } from '@tensorflow/tfjs-core';

/** Chooses the backend of a test file: TensorFlow.js's own CPU backend, or what `ATTUNE_BACKEND` names. */
export async function useTestBackend(): Promise<void> {
  env().set('IS_TEST', true); // no greeting on stderr
  const name = process.env.ATTUNE_BACKEND ?? 'cpu';
  if (name === 'cpu') await setBackend('cpu');
  else await (await import('@attune/backend-onnx')).useBackend(name as never);
}
