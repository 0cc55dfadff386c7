import type { JudgeModel } from './model.ts';
import { checklistPrompt, type JudgedAnswer, pairwisePrompt, pointwisePrompt } from './prompts.ts';
import { askForVerdict, readChecklist, readScore, readWinner, type Winner } from './verdict.ts';

const CRITERIA = 'correctness first, then helpfulness, relevance and clarity.';

/** What all kinds of judging share. */
export interface JudgeOptions {
  /** What makes an answer good, in words. */
  criteria?: string;
  /** How often a judge is asked until its answer holds a verdict. Default 2. */
  attempts?: number;
}

/**
 * Scores one answer, guided by its reference where there is one.
 * @param scale worst and best score. Default 1 to 10
 * @returns the score, moved to 0 … 1
 * @throws RewardError `unparsable`, `timeout` or `unavailable`
 */
export async function judgePointwise(
  model: JudgeModel,
  answer: JudgedAnswer,
  {
    criteria = CRITERIA,
    attempts,
    scale = [1, 10],
  }: JudgeOptions & { scale?: readonly [number, number] } = {},
): Promise<number> {
  const [low, high] = scale;
  if (!(low < high)) throw new Error(`judge: a scale must rise, found ${low} to ${high}`);
  const read = (text: string) => readScore(text, scale);
  const score = await askForVerdict(model, pointwisePrompt(answer, criteria, scale), read, attempts);
  return (score - low) / (high - low);
}

/** What came of a comparison. */
export interface PairVerdict {
  /** 1 when the first answer is better, 0 when the second is, 0.5 for a tie. */
  preference: number;
  /** Whether both orders gave the same winner; true when only one order was asked. */
  consistent: boolean;
}

/**
 * Compares two answers. With the positions swapped it asks a second time, and a winner that changes with the order is a
 * tie (MT-Bench, arXiv 2306.05685 section 3.4).
 *
 * @throws RewardError `unparsable`, `timeout` or `unavailable`
 */
export async function judgePairwise(
  model: JudgeModel,
  {
    question,
    answers,
    reference,
  }: { question: string; answers: readonly [string, string]; reference?: string },
  { criteria = CRITERIA, attempts, swap = true }: JudgeOptions & { swap?: boolean } = {},
): Promise<PairVerdict> {
  const [first, second] = answers;
  const ask = (a: string, b: string) =>
    askForVerdict(model, pairwisePrompt(question, [a, b], criteria, reference), readWinner, attempts);
  const value = (winner: Winner) => ({ A: 1, B: 0, tie: 0.5 })[winner];
  if (!swap) return { preference: value(await ask(first, second)), consistent: true };
  const [forward, backward] = await Promise.all([ask(first, second), ask(second, first)]);
  const [x, y] = [value(forward), 1 - value(backward)];
  return { preference: x === y ? x : 0.5, consistent: x === y };
}

/** A requirement with its weight. */
export type ChecklistItem = string | { text: string; weight: number };

/**
 * Decides for each requirement whether the answer fulfils it.
 * @returns the verdicts in order, and the weighted share of those fulfilled
 * @throws when there is no requirement or no weight is above 0; RewardError as above
 */
export async function judgeChecklist(
  model: JudgeModel,
  answer: JudgedAnswer,
  items: readonly ChecklistItem[],
  { attempts }: JudgeOptions = {},
): Promise<{ score: number; fulfilled: boolean[] }> {
  const texts = items.map((item) => (typeof item === 'string' ? item : item.text));
  const weights = items.map((item) => (typeof item === 'string' ? 1 : item.weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || weights.some((weight) => !(weight >= 0)))
    throw new Error(`judge: a checklist needs items with weights from 0, found ${JSON.stringify(items)}`);
  const read = (text: string) => readChecklist(text, items.length);
  const fulfilled = await askForVerdict(model, checklistPrompt(answer, texts), read, attempts);
  const score = fulfilled.reduce((sum, yes, i) => sum + (yes ? weights[i]! : 0), 0) / total;
  return { score, fulfilled };
}
