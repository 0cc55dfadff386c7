import { generate } from '@attune/inference';
import { combine, functionJudge, pointwiseJudge } from '@attune/rewards';
import { createScoring, type ScoreAnswers } from '../rewards.ts';
import type { ScoredGroup } from '../rollout/answers.ts';
import type { SourceContext } from './context.ts';

/** Probability that an answer beats another to the same prompt. */
export type Prefer = (group: Pick<ScoredGroup, 'prompt'>, one: string, other: string) => Promise<number>;

/** The judge of a recipe that compares two answers; undefined when it names none. */
export function preferenceJudge({ recipe }: SourceContext): Prefer | undefined {
  const spec = recipe.rewards?.find((reward) => reward.name === 'judge' && reward.kind === 'pairwise');
  if (spec?.name !== 'judge') return undefined;
  const score = createScoring([{ ...spec, weight: 1 }])!;
  const column = spec.opponent ?? 'answer';
  return async ({ prompt }, one, other) => {
    const row = { ...prompt.row, [column]: other };
    const { total, scored } = await score([{ text: one, row, ids: [], answerIds: [], finished: true }]);
    // A judge that does not answer prefers neither.
    return scored[0] === 1 ? total[0]! : 0.5;
  };
}

/** All probabilities among the answers of a group, `[answers * answers]`, row-major. */
export async function preferencesOf(prefer: Prefer, group: ScoredGroup): Promise<Float32Array> {
  const { answers } = group;
  const all = answers.flatMap((one, i) =>
    answers.map((other, j) => (i === j ? 0.5 : prefer(group, one.text, other.text))),
  );
  return Float32Array.from(await Promise.all(all));
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
