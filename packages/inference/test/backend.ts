import { useBackend } from '@attune/backend-onnx';

/** Chooses the backend of a test file: what `ATTUNE_BACKEND` names, else the fastest here. */
export async function useTestBackend(): Promise<void> {
  await useBackend('auto', { quiet: true });
}
