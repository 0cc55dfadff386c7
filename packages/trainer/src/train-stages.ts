import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readRun, writeReport } from '@attune/eval';
import { combineCallbacks, type RunResult } from './callbacks.ts';
import { fileError, UserError } from './errors.ts';
import type { LoadedRecipe } from './recipe/load.ts';
import { resolveStages } from './recipe/stages.ts';
import type { TrainOptions } from './run.ts';

/**
 * Runs the stages of a recipe, each in a folder of its own. What a stage leaves is where the next begins, so that a run
 * that is killed in any stage goes on in it: finished stages are only looked at.
 * @param trainOne runs one recipe
 */
export async function trainStages(
  { recipe, label, folder, stages }: LoadedRecipe,
  options: TrainOptions,
  trainOne: (loaded: LoadedRecipe, options: TrainOptions) => Promise<RunResult>,
): Promise<RunResult> {
  const callbacks = combineCallbacks(options.callbacks ?? []);
  const path = resolve(options.output ?? recipe.output.folder ?? join('runs', recipe.name!));
  if (existsSync(path) && !options.resume) {
    throw new UserError(
      `${path} already holds a run: continue it with --resume, or choose another folder with --output`,
    );
  }
  const folderOf = (stage: string) => join(path, stage);
  let result: RunResult | undefined;
  for (const [i, stage] of stages!.entries()) {
    await callbacks.onNotice(`stage ${i + 1} of ${stages!.length}: ${stage.name}`);
    const own = {
      recipe: resolveStages(stage.recipe, (name) => join(folderOf(name), 'model')),
      label: `${label}: stages.${stage.name}`,
      folder,
    };
    result = await trainOne(own, { ...options, output: folderOf(stage.name) });
    if (result.stopped !== undefined)
      return { ...result, folder: path, stopped: `${stage.name}: ${result.stopped}` };
  }
  const runs = stages!.map(({ name }) => readRun(folderOf(name), name));
  writeReport(path, { title: recipe.name!, subtitle: `${runs.length} stages`, runs });
  return { ...result!, folder: path, model: copyModel(result!.model!, path) };
}

/** The last stage's model as the whole run's, complete or not at all. */
function copyModel(from: string, path: string): string {
  const to = join(path, 'model');
  const temporary = join(path, '.writing-model');
  try {
    mkdirSync(path, { recursive: true });
    rmSync(temporary, { recursive: true, force: true });
    cpSync(from, temporary, { recursive: true });
    rmSync(to, { recursive: true, force: true });
    renameSync(temporary, to);
    return to;
  } catch (error) {
    throw fileError(
      error,
      `cannot write the model ${to}`,
      'Every stage is intact; make room and repeat with --resume',
    );
  }
}
