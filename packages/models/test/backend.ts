import { type BackendName, useBackend } from '@attune/backend-onnx';
import { env } from '@tensorflow/tfjs-core';

/** Backends on which the tests of the models themselves run; `ATTUNE_BACKEND` chooses another one. */
export const BACKENDS = (process.env.ATTUNE_BACKEND?.split(',') ?? ['cpu', 'onnx']) as BackendName[];

/** Chooses the backend of what follows, silently. */
export async function useTestBackend(name: BackendName = BACKENDS[0]!): Promise<void> {
  env().set('IS_TEST', true); // no greeting on stderr
  await useBackend(name, { quiet: true });
}
