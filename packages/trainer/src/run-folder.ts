import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Checkpoint, findCheckpoint } from './checkpoint/folders.ts';
import { readTrainerState, type TrainerState } from './checkpoint/state.ts';
import { fileError, UserError } from './errors.ts';
import { JsonLines } from './logs/json-lines.ts';
import { EventWriter } from './logs/tensorboard.ts';
import type { Recipe } from './recipe/schema.ts';

/** The files of a run. */
export interface RunFolder {
  path: string;
  checkpoints: string;
  /** Where a resumed run goes on; absent when it begins at the beginning. */
  checkpoint?: Checkpoint & { state: TrainerState };
  /** Numbers that are a pure function of the recipe. */
  metrics: JsonLines;
  /** Seconds, tokens per second and memory of each step. */
  speed: JsonLines;
  samples: JsonLines;
  events: EventWriter;
}

/** How `openRunFolder` treats a folder that holds a run already. */
export interface OpenOptions {
  /** Go on from the newest valid checkpoint, or begin when there is none. */
  resume: boolean;
  onNotice: (message: string) => void;
}

/**
 * Creates or reopens the folder of a run and writes the resolved recipe into it.
 * @throws UserError when it holds a run and `resume` is not set, when `resume` finds another recipe's run, or when it
 *   cannot be written
 */
export function openRunFolder(path: string, recipe: Recipe, { resume, onNotice }: OpenOptions): RunFolder {
  const checkpoints = join(path, 'checkpoints');
  const recipePath = join(path, 'recipe.yaml');
  const holdsRun = existsSync(recipePath) || existsSync(checkpoints);
  if (holdsRun && !resume) {
    throw new UserError(
      `${path} already holds a run: continue it with --resume, or choose another folder with --output`,
    );
  }
  if (existsSync(recipePath)) refuseOtherRecipe(path, recipePath, recipe);
  const found = resume
    ? findCheckpoint(checkpoints, (reason) => onNotice(`skipping a corrupt checkpoint: ${reason}`))
    : undefined;
  if (resume && !found) onNotice(`${path} has no checkpoint yet: beginning at step 0`);
  const checkpoint = found && { ...found, state: readTrainerState(found.path) };
  try {
    mkdirSync(join(path, 'events'), { recursive: true });
    writeFileSync(recipePath, stringify(recipe));
    return {
      path,
      checkpoints,
      checkpoint,
      metrics: new JsonLines(join(path, 'metrics.jsonl'), checkpoint?.state.metricsBytes),
      speed: new JsonLines(join(path, 'speed.jsonl'), checkpoint?.state.speedBytes),
      samples: new JsonLines(join(path, 'samples.jsonl'), checkpoint?.state.samplesBytes),
      events: new EventWriter(join(path, 'events'), holdsRun ? { startStep: checkpoint?.step ?? 0 } : {}),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw fileError(error, `cannot write the run's folder ${path}`, 'Choose another with --output');
  }
}

/** Keys that a resumed run may change: they alter neither weights nor numbers. */
const mayChange = ['name', 'backend', 'checkpoint', 'output'];

/** An exact continuation needs the same recipe; names the first key that differs. */
function refuseOtherRecipe(path: string, recipePath: string, recipe: Recipe): void {
  const before = parse(readFileSync(recipePath, 'utf8')) as Recipe;
  const now = parse(stringify(recipe)) as Recipe;
  const difference = firstDifference(strip(before), strip(now), []);
  if (difference) {
    throw new UserError(
      `${path} was begun with another recipe: ${difference}; continue with the old value, or begin anew with --output`,
    );
  }
}

const strip = (recipe: Recipe) =>
  Object.fromEntries(Object.entries(recipe).filter(([key]) => !mayChange.includes(key)));

function firstDifference(before: unknown, now: unknown, path: string[]): string | undefined {
  if (typeof before === 'object' && typeof now === 'object' && before !== null && now !== null) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const difference = firstDifference(before[key as never], now[key as never], [...path, key]);
      if (difference) return difference;
    }
    return undefined;
  }
  if (before === now) return undefined;
  return `${path.join('.')} was ${JSON.stringify(before) ?? 'not set'} and is now ${JSON.stringify(now) ?? 'not set'}`;
}
