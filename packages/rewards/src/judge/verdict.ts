import { RewardError } from '../failure.ts';
import { extractJson } from '../json-schema.ts';
import type { JudgeMessage, JudgeModel } from './model.ts';

/** Which of two answers is better. */
export type Winner = 'A' | 'B' | 'tie';

/**
 * Asks a judge and reads its verdict; an answer without one is asked for again, afresh.
 *
 * @param read the verdict in an answer, undefined when there is none: it must never guess
 * @param attempts how often to ask. Default 2
 * @throws RewardError `unparsable` when no attempt gave a verdict; whatever the model throws
 */
export async function askForVerdict<T>(
  model: JudgeModel,
  messages: readonly JudgeMessage[],
  read: (answer: string) => T | undefined,
  attempts = 2,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await model.complete(messages, attempt > 1);
    const verdict = read(answer);
    if (verdict !== undefined) return verdict;
    model.stats.unparsable++;
    if (attempt < attempts) continue;
    const shown = JSON.stringify(answer.slice(-200));
    throw new RewardError(
      'unparsable',
      `judge ${model.name}: no verdict in ${attempts} answers, the last ends ${shown}`,
    );
  }
}

/** The verdict of a pairwise answer: `[[A]]`, `[[B]]`, `[[tie]]` (or `[[C]]`), or JSON with `winner`; only one of them. */
export function readWinner(answer: string): Winner | undefined {
  const json = extractJson(answer) as { winner?: unknown } | undefined;
  const named = [...answer.matchAll(/\[\[\s*(A|B|C|tie)\s*\]\]/gi)].map((match) => match[1]!);
  if (typeof json === 'object' && json !== null && typeof json.winner === 'string') named.push(json.winner);
  const winners = new Set(named.map((name) => name.trim().toLowerCase().replace(/^c$/, 'tie')));
  const [winner] = winners;
  if (winners.size !== 1) return undefined;
  return ({ a: 'A', b: 'B', tie: 'tie' } as const)[winner as 'a' | 'b' | 'tie'];
}

/** The score of a pointwise answer: `[[7]]` or JSON with `score`, within the scale; only one of them. */
export function readScore(answer: string, [low, high]: readonly [number, number]): number | undefined {
  const json = extractJson(answer) as { score?: unknown } | undefined;
  const named = [...answer.matchAll(/\[\[\s*(-?\d+(?:\.\d+)?)\s*\]\]/g)].map((match) => Number(match[1]));
  if (typeof json === 'object' && json !== null && typeof json.score === 'number') named.push(json.score);
  const [score] = new Set(named);
  if (score === undefined || new Set(named).size !== 1) return undefined;
  return score >= low && score <= high ? score : undefined;
}

/** The verdicts of a checklist answer: JSON with a `results` list of as many `true` and `false` as there are items. */
export function readChecklist(answer: string, items: number): boolean[] | undefined {
  const json = extractJson(answer) as { results?: unknown } | unknown[] | undefined;
  const results = Array.isArray(json) ? json : json?.results;
  if (!Array.isArray(results) || results.length !== items) return undefined;
  return results.every((result) => typeof result === 'boolean') ? results : undefined;
}
