import { column, columnList, type Reward, type RewardRow } from '../reward.ts';
import {
  type ChecklistItem,
  type JudgeOptions,
  judgeChecklist,
  judgePairwise,
  judgePointwise,
} from './judge.ts';
import type { JudgeModel } from './model.ts';

/** Columns that judging reads. */
export interface JudgeColumns {
  /** Default `question`, else `prompt`. */
  question?: string;
  /** A right answer to guide the judge. Default: none is shown. */
  reference?: string;
}

/** What stands before the judge: the answer without its thoughts. */
function judged(completion: string, row: RewardRow, { question, reference }: JudgeColumns) {
  const name = question ?? (row.question === undefined ? 'prompt' : 'question');
  const end = completion.lastIndexOf('</think>');
  return {
    question: column(row, name),
    answer: end < 0 ? completion : completion.slice(end + '</think>'.length).trim(),
    reference: reference === undefined ? undefined : column(row, reference),
  };
}

/** A judge's score of the completion, from 0 to 1. */
export function pointwiseJudge(
  model: JudgeModel,
  options: JudgeOptions & JudgeColumns & { scale?: readonly [number, number] } = {},
): Reward {
  return (completion, row) => judgePointwise(model, judged(completion, row, options), options);
}

/** Whether a judge prefers the completion (1) to the answer in a column of the row (0); 0.5 for a tie. */
export function pairwiseJudge(
  model: JudgeModel,
  options: JudgeOptions & JudgeColumns & { opponent?: string; swap?: boolean } = {},
): Reward {
  const { opponent = 'answer' } = options;
  return async (completion, row) => {
    const { question, answer, reference } = judged(completion, row, options);
    const answers = [answer, column(row, opponent)] as const;
    return (await judgePairwise(model, { question, answers, reference }, options)).preference;
  };
}

/** The share of the row's requirements (a list of texts, or of `{ text, weight }`) that a judge finds fulfilled. */
export function checklistJudge(
  model: JudgeModel,
  options: JudgeOptions & JudgeColumns & { checklist?: string } = {},
): Reward {
  const { checklist = 'checklist' } = options;
  return async (completion, row) => {
    const items = readItems(row, checklist);
    return (await judgeChecklist(model, judged(completion, row, options), items, options)).score;
  };
}

function readItems(row: RewardRow, name: string): ChecklistItem[] {
  const value = row[name];
  const isItem = (each: unknown) =>
    typeof each === 'object' &&
    each !== null &&
    'text' in each &&
    'weight' in each &&
    typeof each.weight === 'number';
  if (Array.isArray(value) && value.length > 0 && value.every(isItem)) return value as ChecklistItem[];
  return columnList(row, name);
}
