import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Callbacks, combineCallbacks, type RunResult, type RunStart } from './callbacks.ts';
import { writeCheckpoint } from './checkpoint/folders.ts';
import { saveState } from './checkpoint/state.ts';
import { exportModel, swapInAverage } from './export.ts';
import { Notices } from './logs/notices.ts';
import type { MicroBatch } from './loop/micro-batch.ts';
import { chooseAlgorithm, prepareRun, type Run } from './prepare.ts';
import { hash } from './random.ts';
import type { LoadedRecipe } from './recipe/load.ts';
import { writeRunReport } from './report.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';
import { RunLog } from './run-log.ts';
import { createSchedule } from './schedules/schedule.ts';
import { trainStages } from './train-stages.ts';

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
 * every default written out, `metrics.jsonl`, `speed.jsonl`, `samples.jsonl`, `notices.txt`, `events/` for TensorBoard,
 * `checkpoints/`, `model/` in Hugging Face layout, and `report.html`.
 *
 * A recipe of stages runs them one after the other, each in a folder of its own within the run's; `model/` is the last
 * one's, and one report shows all.
 *
 * Numbers and weights are a pure function of the recipe: a run that was killed and resumed ends with the same bits.
 *
 * @param loaded what `loadRecipe` gave
 * @throws UserError for bad input, worded for the user
 */
export async function train(loaded: LoadedRecipe, options: TrainOptions = {}): Promise<RunResult> {
  return loaded.stages ? trainStages(loaded, options, trainOne) : trainOne(loaded, options);
}

async function trainOne(loaded: LoadedRecipe, options: TrainOptions): Promise<RunResult> {
  const { recipe } = loaded;
  const callbacks = combineCallbacks(options.callbacks ?? []);
  const notices: string[] = [];
  // Kept until the callbacks know the run; what comes later, e.g. from a judge that fails, is told at once.
  let tell = (message: string): unknown => notices.push(message);
  const onNotice = (message: string): unknown => tell(message);

  const chosen = await chooseAlgorithm(loaded);
  const path = options.output ?? recipe.output.folder ?? join('runs', recipe.name!);
  const folder = openRunFolder(path, recipe, { resume: options.resume ?? false, onNotice });
  const kept = new Notices(join(path, 'notices.txt'));
  const run = await prepareRun(loaded, chosen, folder, onNotice);
  tell = (message) => {
    kept.add(message);
    return callbacks.onNotice(message);
  };
  for (const notice of notices) await tell(notice);

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
  if (stopped === undefined)
    result.model = exportModel(path, run.model, run.state, run.codec, run.contrastive);
  log.close();
  run.dispose();
  for (const message of leftOut(metrics, step)) await onNotice(message);
  writeRunReport(result, start, kept.all);
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
    const start = performance.now();
    const { batches, metrics, samples, scoringSeconds = 0 } = await source.next(step);
    const sampled = (performance.now() - start) / 1000;
    const lr = recipe.optimizer.lr * schedule(step);
    const taken = await takeStep(
      run,
      batches,
      step,
      lr,
      (recipe.critic.lr ?? recipe.optimizer.lr) * schedule(step),
    );
    if (typeof taken === 'string') {
      const kept = saved > 0 ? `, the last checkpoint is that of step ${saved}` : '';
      return `step ${step + 1}: ${taken}. Nothing was updated${kept}; begin anew with a lower optimizer.lr, or look at the data`;
    }
    const logged = withTotals({ ...taken.metrics, ...metrics }, log.metrics);
    const parts = {
      rollout: sampled - scoringSeconds,
      scoring: scoringSeconds,
      update: (performance.now() - start) / 1000 - sampled,
    };
    await log.onStep(step + 1, logged, samples, taken.inputTokens, parts, recipe.output.logEvery);

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

/** What a run leaves out as it goes, by the metric that counts it, and how the end of a run says so. */
const LEFT_OUT: Record<string, (count: number, steps: number) => string> = {
  'reward/failed': (count) => `${count} answers could not be scored and were not learned from`,
  'round/unjudged': (count) => `${count} answers could not be compared and were not learned from`,
  skipped: (count, steps) => `${count} of ${steps} steps had nothing to learn from and were skipped`,
};

/** With the sums over the run of what was left out. @param before the metrics of the step before */
function withTotals(metrics: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const sums = Object.keys(LEFT_OUT).flatMap((name): [string, number][] => {
    const count = metrics[name] ?? 0;
    return count > 0 ? [[`${name}/in-all`, (before[`${name}/in-all`] ?? 0) + count]] : [];
  });
  return { ...metrics, ...Object.fromEntries(sums) };
}

/** What was left out of a run, in words. */
function leftOut(metrics: Record<string, number>, steps: number): string[] {
  return Object.entries(LEFT_OUT).flatMap(([name, say]) => {
    const count = metrics[`${name}/in-all`];
    return count === undefined ? [] : [`in all ${say(count, steps)}`];
  });
}

/** One optimizer step. @returns what to log of it, or what was not finite */
async function takeStep(
  { recipe, step: trainStep, roles }: Run,
  batches: readonly MicroBatch[],
  step: number,
  lr: number,
  criticLr: number,
): Promise<{ metrics: Record<string, number>; inputTokens: number } | string> {
  // A rollout or a round may leave nothing to learn from.
  if (batches.length === 0) return { metrics: { 'learning-rate': lr, skipped: 1 }, inputTokens: 0 };
  const dropoutSeed = hash(recipe.seed, step, 'dropout') % 2 ** 18;
  const result = await trainStep.run(batches, { step: step + 1, lr, criticLr, dropoutSeed });
  if (result.culprit !== undefined) return result.culprit;
  roles.sync?.after(step + 1);
  const { loss, gradNorm, criticGradNorm, tokens, inputTokens } = result;
  const metrics = {
    loss,
    'learning-rate': lr,
    'grad-norm': gradNorm,
    ...(criticGradNorm !== undefined && { 'critic/grad-norm': criticGradNorm }),
    tokens,
    ...result.metrics,
  };
  return { metrics, inputTokens };
}

async function evaluate(
  { evaluator, state, step: trainStep }: Run,
  log: RunLog,
  step: number,
): Promise<void> {
  if (!evaluator) return;
  const restore = swapInAverage(state);
  const evaluation = await evaluator.run(step, trainStep.couplingState);
  restore?.();
  await log.onEvaluation(step, evaluation);
}

async function checkpoint(run: Run, folder: RunFolder, log: RunLog, step: number): Promise<void> {
  const { recipe, model, state, codec, source, roles, contrastive } = run;
  const { critic, criticState, sync } = roles;
  const written = writeCheckpoint(
    folder.checkpoints,
    step,
    (path) =>
      saveState(
        path,
        model,
        codec.tokenizer,
        state,
        {
          version: 1,
          step,
          seed: recipe.seed,
          optimizer: recipe.optimizer.name,
          sampler: source.state(),
          coupling: run.step.couplingState,
          ...log.flush(),
        },
        {
          critic: critic && { model: critic, state: criticState! },
          reference: sync?.parameters,
          parts: contrastive?.parts,
        },
      ),
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
