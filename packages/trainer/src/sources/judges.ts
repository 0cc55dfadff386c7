import { generate } from '@attune/inference';
import { combine, describeFailures, functionJudge, pointwiseJudge } from '@attune/rewards';
import { createScoring, type ScoreAnswers } from '../rewards.ts';
import type { ScoredGroup } from '../rollout/answers.ts';
import type { SourceContext } from './context.ts';

/** The probability that an answer beats another, or why the judge gave none. */
export type Preference = { probability: number } | { failure: string };

/** Compares two answers to the same prompt. */
export type Prefer = (group: Pick<ScoredGroup, 'prompt'>, one: string, other: string) => Promise<Preference>;

/** The judge of a recipe that compares two answers; undefined when it names none. */
export function preferenceJudge({ recipe, onNotice }: SourceContext): Prefer | undefined {
  const spec = recipe.rewards?.find((reward) => reward.name === 'judge' && reward.kind === 'pairwise');
  if (spec?.name !== 'judge') return undefined;
  const score = createScoring([{ ...spec, weight: 1 }], [], onNotice)!;
  const column = spec.opponent ?? 'answer';
  return async ({ prompt }, one, other) => {
    const row = { ...prompt.row, [column]: other };
    const scores = await score([{ text: one, row, ids: [], answerIds: [], finished: true }]);
    // A verdict that is missing is no tie: it must not be learned from.
    return scores.scored[0] === 1
      ? { probability: scores.total[0]! }
      : { failure: describeFailures(scores.failures) };
  };
}

/** What a judge made of the answers of a group. */
export interface Compared {
  /** Places of the answers of which each was compared with each other one. */
  places: number[];
  /** All probabilities among these, `[places * places]`, row-major. */
  preferences: Float32Array;
  /** Why comparisons failed. */
  failures: string[];
}

/**
 * Compares all answers of a group with each other. Where verdicts are missing, the answers that lack the most are left
 * out, one after the other, until none is missing.
 */
export async function preferencesOf(prefer: Prefer, group: ScoredGroup): Promise<Compared> {
  const { answers } = group;
  const all = await Promise.all(
    answers.map((one, i) =>
      Promise.all(
        answers.map(
          async (other, j): Promise<Preference> =>
            i === j ? { probability: 0.5 } : prefer(group, one.text, other.text),
        ),
      ),
    ),
  );
  const missing = (i: number, j: number) => 'failure' in all[i]![j]! || 'failure' in all[j]![i]!;
  let places = answers.map((_, i) => i);
  for (;;) {
    const lacks = places.map((i) => places.filter((j) => missing(i, j)).length);
    const most = Math.max(0, ...lacks);
    if (most === 0) break;
    places = places.filter((_, at) => at !== lacks.indexOf(most));
  }
  const probability = (verdict: Preference) => ('probability' in verdict ? verdict.probability : Number.NaN);
  return {
    places,
    preferences: Float32Array.from(places.flatMap((i) => places.map((j) => probability(all[i]![j]!)))),
    failures: all.flat().flatMap((verdict) => ('failure' in verdict ? [verdict.failure] : [])),
  };
}

/** The policy itself as a judge that gives marks (self-rewarding language models). */
export function selfJudge({ model, codec, recipe }: SourceContext): ScoreAnswers {
  const judge = functionJudge('policy', async (messages) => {
    const text = codec.template
      ? codec.template.render([...messages], { addGenerationPrompt: true })
      : `${messages.map(({ content }) => content).join('\n')}\n`;
    const room = model.config.max_position_embeddings - recipe.rollout.maxTokens;
    const ids = Array.from(codec.tokenizer.encodeIds(text)).slice(-room);
    const [answer] = await generate(model, [ids], {
      temperature: 0,
      maxNewTokens: recipe.rollout.maxTokens,
      stopIds: codec.eosId === undefined ? [] : [codec.eosId],
      tokenizer: codec.generated,
    });
    return answer!.text!;
  });
  const score = combine([{ name: 'self', reward: pointwiseJudge(judge), concurrency: 1 }]);
  return (answers) =>
    score(
      answers.map(({ text }) => text),
      answers.map(({ row }) => row),
    );
}
