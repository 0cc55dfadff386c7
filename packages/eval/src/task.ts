import type { SamplingSettings, TaskPrompt } from './language-model.ts';

/** A row of a task's data. */
export type TaskRow = Record<string, unknown>;

/** Problems, how to ask them and how to score answers. */
export interface Task {
  name: string;
  rows: readonly TaskRow[];
  /** What the model is given. */
  prompt(row: TaskRow): TaskPrompt;
  /** Score of an answer, between 0 and 1; 1 is right. */
  score(completion: string, row: TaskRow): number | Promise<number>;
  /** The answer that a completion states, in a form in which equal answers are equal texts; for majority votes. */
  answer?(completion: string, row: TaskRow): string | undefined;
  /** Sampling that suits the task; the caller's own settings go first. */
  sampling?: SamplingSettings;
}
