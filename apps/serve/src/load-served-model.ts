import { basename, resolve } from 'node:path';
import { Engine, type EngineOptions, loadPretrained } from '@attune/inference';
import type { ServedModel } from './served-model.ts';

/** How a model folder is served. */
export interface LoadOptions extends EngineOptions {
  /** The model's name in the API; default: the folder's. */
  name?: string;
}

/**
 * Loads a model folder for serving.
 *
 * @throws Error, one line naming the file, when something is missing or damaged
 */
export function loadServedModel(dir: string, { name, ...engineOptions }: LoadOptions = {}): ServedModel {
  const { model, ...pretrained } = loadPretrained(dir);
  return {
    ...pretrained,
    id: name ?? basename(resolve(dir)),
    created: Math.floor(Date.now() / 1000),
    engine: new Engine(model, engineOptions),
  };
}
