import type { LanguageModel, SamplingSettings, TaskPrompt } from './language-model.ts';
import { type Estimate, estimate } from './metrics/intervals.ts';
import { majorityAtK, type Vote } from './metrics/majority.ts';
import { passAtK } from './metrics/pass-at-k.ts';
import type { Task, TaskRow } from './task.ts';

/** How a task is run. */
export interface EvaluateOptions extends SamplingSettings {
  /** Answers per problem. Default 1. */
  samples?: number;
  /** Which pass@k to report. Default: 1, and `samples` when there are more. */
  passAt?: readonly number[];
  /** Which maj@k to report, where the task tells answers apart. Default: `samples` when there are several. */
  majorityAt?: readonly number[];
  /** Use only the first problems. Default: all. */
  limit?: number;
  /** Problems per call of the model; changes no score. Default 64. */
  batchSize?: number;
  /** How many problems to keep with their answers in the result. Default 20. */
  keep?: number;
  /** Called after each batch. */
  onProgress?: (done: number, problems: number) => void;
}

/** A problem with the answers it got. */
export interface AnsweredProblem {
  prompt: TaskPrompt;
  /** The row's `answer`, where it has one. */
  reference?: unknown;
  completions: string[];
  /** One per completion. */
  scores: number[];
}

/** What an evaluation found; plain JSON. */
export interface EvaluationResult {
  task: string;
  problems: number;
  samples: number;
  /** `pass@1`, `maj@8` …, each a mean over problems with its 95% interval. */
  scores: Record<string, Estimate>;
  /** How answers were sampled. */
  settings: SamplingSettings;
  examples: AnsweredProblem[];
}

/**
 * Asks a model every problem of a task and scores its answers. Scores do not depend on the batch size.
 *
 * @throws when a score is not between 0 and 1, or pass@k asks for more samples than there are
 */
export async function evaluate(
  model: LanguageModel,
  task: Task,
  options: EvaluateOptions = {},
): Promise<EvaluationResult> {
  const { samples = 1, limit = task.rows.length, batchSize = 64, keep = 20, onProgress } = options;
  const rows = task.rows.slice(0, limit);
  if (rows.length === 0) throw new Error(`${task.name}: there are no problems to evaluate`);
  const { passAt = samples > 1 ? [1, samples] : [1], majorityAt = samples > 1 ? [samples] : [] } = options;
  const tooMany = [...passAt, ...majorityAt].find((k) => !(Number.isInteger(k) && k >= 1 && k <= samples));
  if (tooMany !== undefined)
    throw new Error(`${task.name}: pass@k and maj@k need k from 1 to samples ${samples}, found ${tooMany}`);
  const settings = samplingSettings(task, options);
  const answered: AnsweredProblem[] = [];
  for (let first = 0; first < rows.length; first += batchSize) {
    const batch = rows.slice(first, first + batchSize);
    const prompts = batch.map((row) => task.prompt(row));
    const completions = await model.generate(prompts, { ...settings, n: samples, firstPrompt: first });
    for (const [i, row] of batch.entries())
      answered.push(await scoreProblem(task, row, prompts[i]!, completions[i]!));
    onProgress?.(answered.length, rows.length);
  }
  const scores: Record<string, Estimate> = {};
  for (const k of passAt)
    scores[`pass@${k}`] = estimate(answered.map((problem) => passAtK(samples, right(problem), k)));
  for (const k of task.answer ? majorityAt : [])
    scores[`maj@${k}`] = estimate(
      answered.map((problem, i) => majorityAtK(votes(task, rows[i]!, problem), k)),
    );
  return {
    task: task.name,
    problems: rows.length,
    samples,
    scores,
    settings,
    examples: answered.slice(0, keep),
  };
}

function samplingSettings(task: Task, options: EvaluateOptions): SamplingSettings {
  const {
    temperature = 0,
    topP = 1,
    maxNewTokens,
    stop,
    seed = 0,
  } = { ...task.sampling, ...defined(options) };
  return defined({ temperature, topP, maxNewTokens, stop, seed });
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

async function scoreProblem(
  task: Task,
  row: TaskRow,
  prompt: TaskPrompt,
  completions: string[],
): Promise<AnsweredProblem> {
  const scores = await Promise.all(completions.map((completion) => task.score(completion, row)));
  const bad = scores.findIndex((score) => !(score >= 0 && score <= 1));
  if (bad >= 0)
    throw new Error(
      `${task.name}: scores must be between 0 and 1, found ${scores[bad]} for ${JSON.stringify(completions[bad])}`,
    );
  return { prompt, ...('answer' in row && { reference: row.answer }), completions, scores };
}

function right({ scores }: AnsweredProblem): number {
  return scores.filter((score) => score === 1).length;
}

function votes(task: Task, row: TaskRow, { completions, scores }: AnsweredProblem): Vote[] {
  return completions.map((completion, i) => ({ answer: task.answer!(completion, row), score: scores[i]! }));
}
