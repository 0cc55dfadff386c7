import {
  apply,
  type Bounds,
  type Calculation,
  type Draw,
  drawing,
  drawStep,
  solution,
  splitOf,
} from './calculation.ts';
import { type Cast, NAMES, pronouns, STORIES, type Story, THINGS } from './stories.ts';

/** A generated problem, with the columns of GSM8K. */
export type WordProblem = {
  /** A short story that ends in a question. */
  question: string;
  /** The steps, a line each, then `#### ` and the answer. */
  answer: string;
  /** Number of calculations it takes. */
  steps: number;
};

/** What to generate. */
export interface WordProblemOptions {
  count: number;
  /** Default 0. */
  seed?: number;
  /** `train` (default) and `test` share no calculation, whatever their seeds. */
  split?: 'train' | 'test';
  /**
   * Default 2.
   * - 1: one or two steps, numbers to 9, results to 12
   * - 2: one or two steps, numbers to 10
   * - 3: one to three steps, numbers to 20
   * - 4: two to four steps, numbers to 50
   */
  difficulty?: 1 | 2 | 3 | 4;
  /**
   * Share of the solutions that stop a step early and so give a wrong answer, as hurried annotators do; from 0
   * (default) to 1. The questions stay the same.
   */
  mistakes?: number;
}

const LEVELS: Record<1 | 2 | 3 | 4, { steps: [number, number]; bounds: Bounds }> = {
  1: { steps: [1, 2], bounds: { number: 9, factor: 3, value: 12 } },
  2: { steps: [1, 2], bounds: { number: 10, factor: 5, value: 50 } },
  3: { steps: [1, 3], bounds: { number: 20, factor: 6, value: 100 } },
  4: { steps: [2, 4], bounds: { number: 50, factor: 9, value: 400 } },
};

/** Draws in a row that may repeat known problems before the supply counts as used up. */
const PATIENCE = 1000;

/**
 * Generates arithmetic word problems: no two alike, the same for the same options, and train and test disjoint by
 * construction (a calculation belongs to one of them by its hash).
 *
 * ```ts
 * wordProblems({ count: 1 })[0];
 * // { question: 'Ana has 5 cups. Then Leo takes 2. How many cups does Ana have now?', answer: '5 - 2 = 3\n#### 3', steps: 1 }
 * ```
 *
 * @throws when there are fewer different problems than asked for
 */
export function wordProblems({
  count,
  seed = 0,
  split = 'train',
  difficulty = 2,
  mistakes = 0,
}: WordProblemOptions): WordProblem[] {
  const level = LEVELS[difficulty];
  if (!level)
    throw new Error(`difficulty must be one of ${Object.keys(LEVELS).join(', ')}, found ${difficulty}`);
  if (!(mistakes >= 0 && mistakes <= 1)) throw new Error(`mistakes must be from 0 to 1, found ${mistakes}`);
  const problems = new Map<string, WordProblem>();
  let repeats = 0;
  for (let stream = 0; problems.size < count; stream++) {
    const problem = drawProblem(level, split, mistakes, drawing(seed, stream));
    if (problem && !problems.has(problem.question)) {
      problems.set(problem.question, problem);
      repeats = 0;
    } else if (++repeats > PATIENCE) {
      throw new Error(
        `difficulty ${difficulty} has only about ${problems.size} different ${split} problems, fewer than count ${count}; ask for less or raise difficulty`,
      );
    }
  }
  return [...problems.values()];
}

/** One problem; undefined when the draw leads nowhere or belongs to the other split. */
function drawProblem(
  level: (typeof LEVELS)[1],
  split: 'train' | 'test',
  mistakes: number,
  draw: Draw,
): WordProblem | undefined {
  const story = pick(STORIES, draw);
  const calculation = drawCalculation(story, draw(...level.steps), level.bounds, draw);
  if (!calculation || splitOf(calculation) !== split) return undefined;
  const question = tell(story, calculation, draw);
  const hurried = draw(0, 9999) < mistakes * 10_000;
  return {
    question,
    answer: solution(hurried ? { ...calculation, steps: calculation.steps.slice(0, -1) } : calculation),
    steps: calculation.steps.length,
  };
}

function drawCalculation(story: Story, count: number, bounds: Bounds, draw: Draw): Calculation | undefined {
  const start = draw(2, bounds.number);
  const operators = Object.keys(story.events) as (keyof Story['events'])[];
  const steps: Calculation['steps'] = [];
  let value = start;
  while (steps.length < count) {
    const operator = (steps.length === 0 && story.opens) || pick(operators, draw);
    const step = drawStep(value, operator, bounds, draw);
    if (!step) return undefined;
    steps.push(step);
    value = apply(value, step);
  }
  return { start, steps };
}

function tell(story: Story, { start, steps }: Calculation, draw: Draw): string {
  const name = pick(NAMES, draw);
  const friend = pick(
    NAMES.filter((other) => other !== name),
    draw,
  );
  const cast: Cast = { name, friend, things: pick(THINGS, draw), ...pronouns(name) };
  const opening = story.opening(cast, start, steps[0]!.operand);
  const events = steps
    .slice(story.opens ? 1 : 0)
    .map(({ operator, operand }) => pick(story.events[operator]!, draw)(cast, operand));
  return [opening, ...events, story.question(cast)].join(' ');
}

function pick<T>(from: readonly T[], draw: Draw): T {
  return from[draw(0, from.length - 1)]!;
}
