import type { Row } from '../dataset.ts';
import type { StepwiseExample } from '../example.ts';
import { judgement, prompt, requireText, show } from './columns.ts';

/**
 * Steps of an answer, each judged: true or false, or a probability from 0 to 1 (Math-Shepherd's soft estimates, the values
 * that process advantages are differences of).
 */
export function convertStepwise(row: Row): StepwiseExample {
  const { completions, labels } = row;
  if (!Array.isArray(completions) || completions.length === 0)
    throw new Error(`completions must be a non-empty list of steps, found ${show(completions)}`);
  const judged = Array.isArray(labels) ? labels.map(stepLabel) : [];
  if (judged.length !== completions.length || judged.includes(undefined))
    throw new Error(
      `labels must be ${completions.length} times true, false or a probability, one a step, found ${show(labels)}`,
    );
  return {
    kind: 'stepwise',
    prompt: prompt(row),
    completions: completions.map((step, i) => requireText(step, `completions[${i}]`)),
    labels: judged as (boolean | number)[],
  };
}

function stepLabel(value: unknown): boolean | number | undefined {
  return judgement(value) ?? (typeof value === 'number' && value > 0 && value < 1 ? value : undefined);
}

/**
 * PRM800K (Lightman et al. 2023): of each step the completion that the labeller went on from, else the last one that was
 * rated. A neutral step (0) counts as right, as in the paper's evaluation. A step without a rated completion ends the
 * solution.
 */
export function convertPrm800k(row: Row): StepwiseExample {
  const { problem } = row.question as { problem?: unknown };
  const { steps } = row.label as { steps?: unknown };
  if (!Array.isArray(steps)) throw new Error(`label.steps must be a list, found ${show(steps)}`);
  const completions: string[] = [];
  const labels: boolean[] = [];
  for (const [i, step] of steps.entries()) {
    const rated = Array.isArray(step?.completions) ? step.completions : [];
    const chosen = rated[step?.chosen_completion ?? rated.length - 1];
    if (typeof chosen?.rating !== 'number') break;
    completions.push(requireText(chosen.text, `label.steps[${i}].completions.text`));
    labels.push(chosen.rating >= 0);
  }
  if (labels.length === 0) throw new Error('label.steps must hold a rated completion, found none');
  return { kind: 'stepwise', prompt: requireText(problem, 'question.problem'), completions, labels };
}

/** Math-Shepherd (Wang et al. 2023): a problem with its solution, whose steps end in ки; in `label` in + or −. */
export function convertMathShepherd(row: Row): StepwiseExample {
  const [input, label] = [row.input as string, row.label as string];
  const begin = input.search(/Step \d+\s*:/);
  const steps = input
    .slice(Math.max(0, begin))
    .split('ки')
    .map((step) => step.trim())
    .filter((step) => step !== '');
  // Each mark before has made the label a letter shorter.
  const signs = [...input.matchAll(/ки/g)].map(({ index }, before) => label[index - before]);
  if (begin <= 0 || signs.length !== steps.length || signs.some((sign) => sign !== '+' && sign !== '-'))
    throw new Error(
      `label must be the input with + or - in place of each ки, one a step, found ${show(label)} for ${show(input)}`,
    );
  return {
    kind: 'stepwise',
    prompt: input.slice(0, begin).trim(),
    completions: steps,
    labels: signs.map((sign) => sign === '+'),
  };
}
