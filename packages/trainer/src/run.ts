import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Callbacks, combineCallbacks, type RunResult, type RunStart } from './callbacks.ts';
import { writeCheckpoint } from './checkpoint/folders.ts';
import { saveState } from './checkpoint/state.ts';
import { exportModel, swapInAverage } from './export.ts';
import { chooseAlgorithm, prepareRun, type Run } from './prepare.ts';
import { hash } from './random.ts';
import type { LoadedRecipe } from './recipe/load.ts';
import { writeRunReport } from './report.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';
import { RunLog } from './run-log.ts';
import { createSchedule } from './schedules/schedule.ts';

/** How `train` runs a recipe. */
export interface TrainOptions {
  /** Folder of the run. Default: the recipe's `output.folder`, else `runs/<name>`. */
  output?: string;
  /** Go on from the newest valid checkpoint in the folder. Default false: refuse a folder that holds a run. */
  resume?: boolean;
  callbacks?: readonly Callbacks[];
  /** Stops the run after the step at hand, with a checkpoint where one may be taken. */
  signal?: AbortSignal;
}

/**
 * Runs a recipe from its beginning or from its last checkpoint to its end, and leaves a folder: `recipe.yaml` with
 * every default written out, `metrics.jsonl`, `speed.jsonl`, `samples.jsonl`, `events/` for TensorBoard,
 * `checkpoints/`, `model/` in Hugging Face layout, and `report.html`.
 *
 * Numbers and weights are a pure function of the recipe: a run that was killed and resumed ends with the same bits.
 *
 * @param loaded what `loadRecipe` gave
 * @throws UserError for bad input, worded for the user
 */
export async function train(loaded: LoadedRecipe, options: TrainOptions = {}): Promise<RunResult> {
  const { recipe } = loaded;
  const callbacks = combineCallbacks(options.callbacks ?? []);
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);

  const chosen = await chooseAlgorithm(loaded);
  const path = options.output ?? recipe.output.folder ?? join('runs', recipe.name!);
  const folder = openRunFolder(path, recipe, { resume: options.resume ?? false, onNotice });
  const run = await prepareRun(loaded, chosen, folder, onNotice);
  for (const notice of notices) await callbacks.onNotice(notice);

  const startStep = folder.checkpoint?.step ?? 0;
  const start: RunStart = {
    name: recipe.name!,
    folder: path,
    algorithm: chosen.algorithm.name,
    steps: run.steps,
    startStep,
    parameters: countParameters(run.model.params),
    trainableParameters: countParameters(run.state.params),
    ...run.description,
  };
  await callbacks.onStart(start);
  const log = new RunLog(folder, callbacks);
  const stopped = await takeSteps(run, folder, log, startStep, options.signal);
  const { step, metrics, scores } = log;
  const result: RunResult = { folder: path, step, metrics, scores, stopped };
  if (stopped === undefined) result.model = exportModel(path, run.model, run.state, run.codec);
  log.close();
  run.dispose();
  writeRunReport(result, start);
  await callbacks.onEnd(result);
  return result;
}

/** @returns why it stopped before the end, if it did */
async function takeSteps(
  run: Run,
  folder: RunFolder,
  log: RunLog,
  startStep: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { recipe, steps, source } = run;
  const schedule = createSchedule(scheduleOnly(recipe.schedule), steps);
  const { every } = recipe.checkpoint;
  log.begin(startStep, steps);
  let saved = startStep;
  if (startStep === 0) await evaluate(run, log, 0);

  for (let step = startStep; step < steps; step++) {
    const { batches, metrics, samples } = await source.next(step);
    const lr = recipe.optimizer.lr * schedule(step);
    const dropoutSeed = hash(recipe.seed, step, 'dropout') % 2 ** 18;
    const result = await run.step.run(batches, { step: step + 1, lr, dropoutSeed });
    if (result.culprit !== undefined) {
      const kept = saved > 0 ? `, the last checkpoint is that of step ${saved}` : '';
      return `step ${step + 1}: ${result.culprit}. Nothing was updated${kept}; begin anew with a lower optimizer.lr, or look at the data`;
    }
    const { loss, gradNorm, tokens } = result;
    const logged = {
      loss,
      'learning-rate': lr,
      'grad-norm': gradNorm,
      tokens,
      ...result.metrics,
      ...metrics,
    };
    await log.onStep(step + 1, logged, samples, result.inputTokens, recipe.output.logEvery);

    const done = step + 1;
    if (done === steps || (recipe.evaluation.every > 0 && done % recipe.evaluation.every === 0)) {
      await evaluate(run, log, done);
    }
    const due = done === steps || Math.floor(done / every) > Math.floor(saved / every);
    if (due && source.mayPause(done)) {
      await checkpoint(run, folder, log, done);
      saved = done;
    }
    // A breath for signals and timers.
    await setImmediate();
    if (signal?.aborted && done < steps) {
      if (saved < done && source.mayPause(done)) {
        await checkpoint(run, folder, log, done);
        saved = done;
      }
      return `interrupted after step ${done}; continue from step ${saved} with --resume`;
    }
  }
  return undefined;
}

async function evaluate({ evaluator, state }: Run, log: RunLog, step: number): Promise<void> {
  if (!evaluator) return;
  const restore = swapInAverage(state);
  const evaluation = await evaluator.run(step);
  restore?.();
  await log.onEvaluation(step, evaluation);
}

async function checkpoint(run: Run, folder: RunFolder, log: RunLog, step: number): Promise<void> {
  const { recipe, model, state, codec, source } = run;
  const written = writeCheckpoint(
    folder.checkpoints,
    step,
    (path) =>
      saveState(path, model, codec.tokenizer, state, {
        version: 1,
        step,
        seed: recipe.seed,
        optimizer: recipe.optimizer.name,
        sampler: source.state(),
        ...log.flush(),
      }),
    recipe.checkpoint.keep,
  );
  await log.onCheckpoint(written);
}

function scheduleOnly({ steps: _steps, epochs: _epochs, ...options }: Run['recipe']['schedule']) {
  return options;
}

function countParameters(params: Record<string, { size: number }>): number {
  return Object.values(params).reduce((sum, { size }) => sum + size, 0);
}
