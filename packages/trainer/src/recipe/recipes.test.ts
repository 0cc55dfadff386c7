import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { chooseAlgorithm } from '../prepare.ts';
import { type LoadedRecipe, loadRecipe } from './load.ts';

const folder = fileURLToPath(new URL('../../../../recipes/', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.yaml'),
);

/** A recipe, or each of its stages, as it would be run. */
const parts = (loaded: LoadedRecipe): LoadedRecipe[] =>
  loaded.stages?.map(({ name, recipe }) => ({ ...loaded, label: name, recipe, stages: undefined })) ?? [
    loaded,
  ];

it.each(files)('%s is valid, and its algorithm takes its options', async (file) => {
  const loaded = parts(loadRecipe(join(folder, file), []));
  for (const part of loaded) await expect(chooseAlgorithm(part)).resolves.toHaveProperty('algorithm');
});
