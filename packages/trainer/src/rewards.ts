import {
  type CombinedScores,
  type CompletionInfo,
  combine,
  type Reward,
  type RewardRow,
  rewards,
} from '@attune/rewards';
import { UserError } from './errors.ts';
import type { Recipe } from './recipe/schema.ts';

/** An answer to score. */
export interface AnswerToScore {
  text: string;
  /** The row of data that its prompt came from. */
  row: RewardRow;
  /** Prompt and answer as tokens of the policy's tokenizer. */
  ids: readonly number[];
  /** The answer alone. */
  answerIds: readonly number[];
  /** Whether it ended by itself. */
  finished: boolean;
}

/** Scores answers. What could not be scored is marked, and must not be learned from. */
export type ScoreAnswers = (answers: readonly AnswerToScore[]) => Promise<CombinedScores>;

/** A reward model: scores many answers at once. */
export type BatchReward = (answers: readonly AnswerToScore[]) => Promise<readonly number[]>;

type Spec = NonNullable<Recipe['rewards']>[number];

/**
 * The weighted sum of a recipe's rewards; undefined when it names none. A reward with a fallback has one more part, which
 * is 1 where the fallback stands in.
 * @param models scores by the reward models that the recipe names, in their order
 * @param onNotice told the first failure of each reward and kind
 */
export function createScoring(
  specs: Recipe['rewards'],
  models: readonly BatchReward[] = [],
  onNotice: (message: string) => void = () => {},
): ScoreAnswers | undefined {
  if (!specs) return undefined;
  // Reward models run once over a batch; afterwards each answer finds its score here.
  const tables = models.map(() => new WeakMap<CompletionInfo, number>());
  let model = 0;
  const names = specs.map((spec, i) => spec.label ?? nameOf(spec, specs.slice(0, i)));
  const told = new Set<string>();
  const scoreAll = combine(
    specs.map((spec, i) => ({
      name: names[i]!,
      weight: spec.weight,
      clip: spec.clip,
      standardizeBy: spec.standardizeBy,
      fallback: spec.fallback,
      reward: spec.name === 'model' ? lookUp(tables[model++]!) : ruleOf(spec, i),
    })),
  );
  return async (answers) => {
    const infos = answers.map(({ answerIds: ids, finished }): CompletionInfo => ({ ids, finished }));
    for (const [m, score] of models.entries()) {
      for (const [i, value] of (await score(answers)).entries()) tables[m]!.set(infos[i]!, value);
    }
    const scores = await scoreAll(
      answers.map(({ text }) => text),
      answers.map(({ row }) => row),
      infos,
    );
    for (const [i, { fallback }] of specs.entries()) {
      if (fallback === undefined) continue;
      const failed = scores.failures.filter(({ reward }) => reward === names[i]).map(({ index }) => index);
      scores.parts[`${names[i]}/failed`] = Float32Array.from(answers, (_, a) => (failed.includes(a) ? 1 : 0));
    }
    for (const { reward, kind, message } of scores.failures) {
      if (told.has(`${reward} ${kind}`)) continue;
      told.add(`${reward} ${kind}`);
      onNotice(
        `reward ${reward} could not score an answer (${kind}): ${message.split('\n')[0]!.slice(0, 300)}`,
      );
    }
    return scores;
  };
}

/** A reward that is named twice is told apart by its mode, else by its number. */
function nameOf(spec: Spec, before: readonly Spec[]): string {
  const mode = 'mode' in spec && spec.mode ? `-${spec.mode}` : '';
  const twins = before.filter(
    (other) =>
      other.name === spec.name && ('mode' in other && 'mode' in spec ? other.mode === spec.mode : true),
  ).length;
  return spec.name + mode + (twins > 0 ? `-${twins + 1}` : '');
}

function lookUp(table: WeakMap<CompletionInfo, number>): Reward {
  return (_completion, _row, info) => table.get(info!)!;
}

/** @throws UserError for options that only the reward itself can judge, such as a pattern */
function ruleOf(spec: Spec, place: number): Reward {
  const { name, weight: _w, label: _l, clip: _c, standardizeBy: _s, fallback: _f, ...options } = spec;
  try {
    return (rewards[name as keyof typeof rewards] as (options: object) => Reward)(options);
  } catch (error) {
    throw new UserError(`rewards.${place} (${name}): ${(error as Error).message}`);
  }
}
