import { loadDataset, wordProblems } from '@attune/data';
import { gsm8kTask, type Task, type TaskRow, wordProblemsTask } from '@attune/eval';

/** How a task is set up. */
export interface TaskOptions {
  /** File with the problems. */
  data?: string;
  /** File with solved problems to show before each question. */
  examples?: string;
  /** How many of them. */
  shots: number;
  /** GSM8K: the number after `####`, or the last number. */
  mode: 'strict' | 'flexible';
  limit?: number;
  seed: number;
}

/** Tasks by name. */
export const TASKS: Record<string, (options: TaskOptions) => Promise<Task>> = {
  async gsm8k({ data, examples, shots, mode }) {
    if (data === undefined)
      throw new Error('--task gsm8k needs --data with its problems (question and answer, e.g. JSON Lines)');
    const shown = shots === 0 ? [] : await firstRows(examples ?? missingExamples(), shots);
    return gsm8kTask(await rows(data), { mode, examples: shown });
  },
  async 'word-problems'({ data, limit = 100, seed }) {
    if (data !== undefined) return wordProblemsTask(await rows(data));
    return wordProblemsTask(wordProblems({ count: limit, seed, split: 'test' }));
  },
};

async function rows(path: string): Promise<TaskRow[]> {
  return Array.from(await loadDataset(path));
}

async function firstRows(path: string, count: number): Promise<TaskRow[]> {
  const all = await rows(path);
  if (all.length < count)
    throw new Error(`${path}: --shots ${count} needs as many problems, found ${all.length}`);
  return all.slice(0, count);
}

function missingExamples(): never {
  throw new Error('--shots needs --examples with solved problems: not those that are asked');
}
