import { type CombinedScores, combine, type Reward, type RewardRow, rewards } from '@attune/rewards';
import type { Recipe } from './recipe/schema.ts';

/** Scores answers, each with the row of data that its prompt came from. */
export type ScoreAnswers = (
  answers: readonly string[],
  rows: readonly RewardRow[],
) => Promise<CombinedScores>;

/** The weighted sum of a recipe's rewards; undefined when it names none. */
export function createScoring(specs: Recipe['rewards']): ScoreAnswers | undefined {
  if (!specs) return undefined;
  return combine(
    specs.map(({ name, weight, ...options }) => {
      const create = rewards[name] as (options: object) => Reward;
      // A reward that is named twice is told apart by its mode.
      const mode = 'mode' in options && options.mode ? `-${options.mode}` : '';
      return { name: name + mode, weight, reward: create(options) };
    }),
  );
}
