import { type Reward, type RewardRow, rewards } from '@attune/rewards';
import type { Recipe } from './recipe/schema.ts';

/** An answer to score. */
export interface AnswerToScore {
  text: string;
  /** The row of data that its prompt came from. */
  row: RewardRow;
  /** Prompt and answer as tokens of the policy's tokenizer. */
  ids: readonly number[];
}

/** Scores of some answers. */
export interface Scores {
  /** Weighted sums, one per answer; 0 for those that failed. */
  total: Float32Array;
  /** Unweighted scores by reward; NaN for an answer whose scoring failed. */
  parts: Record<string, Float32Array>;
  /** By place: why an answer could not be scored. Such an answer must not be learned from. */
  failed: ReadonlyMap<number, string>;
}

/** Scores answers. */
export type ScoreAnswers = (answers: readonly AnswerToScore[]) => Promise<Scores>;

/** Scores many answers at once. */
export type BatchReward = (answers: readonly AnswerToScore[]) => Promise<readonly number[]>;

/** One of a recipe's rewards, ready to use. */
export interface NamedReward {
  name: string;
  weight: number;
  score: BatchReward | Reward;
  /** Whether `score` takes all answers at once. */
  batched: boolean;
}

type Specs = NonNullable<Recipe['rewards']>;
/** Rewards that are plain functions of `@attune/rewards`. */
type RuleSpec = Exclude<Specs[number], { name: 'model' }>;

/**
 * The weighted sum of a recipe's rewards; undefined when it names none. What one reward makes of one answer concerns
 * that answer alone: a verifier that throws and a score that is not finite are counted, not spread.
 * @param models scores by the reward models that the recipe names, in their order
 */
export function createScoring(
  specs: Recipe['rewards'],
  models: readonly BatchReward[] = [],
): ScoreAnswers | undefined {
  if (!specs) return undefined;
  let model = 0;
  return combineRewards(
    specs.map((spec, i) => {
      const score = spec.name === 'model' ? models[model++]! : ruleOf(spec);
      const twice = specs.slice(0, i).filter((other) => other.name === spec.name).length;
      return {
        name: nameOf(spec) ?? (twice > 0 ? `${spec.name}-${twice + 1}` : spec.name),
        weight: spec.weight,
        score,
        batched: spec.name === 'model',
      };
    }),
  );
}

/** A reward that is named twice is told apart by its mode. */
function nameOf(spec: Specs[number]): string | undefined {
  return 'mode' in spec && spec.mode ? `${spec.name}-${spec.mode}` : undefined;
}

function ruleOf({ name, weight: _, ...options }: RuleSpec): Reward {
  return (rewards[name as keyof typeof rewards] as (options: object) => Reward)(options);
}

/** Adds rewards up by weight. */
export function combineRewards(named: readonly NamedReward[]): ScoreAnswers {
  return async (answers) => {
    const failed = new Map<number, string>();
    const parts: Record<string, Float32Array> = {};
    for (const { name, score, batched } of named) {
      const one = (answer: AnswerToScore) => (score as Reward)(answer.text, answer.row);
      const found = batched
        ? await (score as BatchReward)(answers)
        : await Promise.all(answers.map((answer) => attempt(() => one(answer))));
      parts[name] = Float32Array.from(found, (value, i) => {
        if (typeof value === 'number' && Number.isFinite(value)) return value;
        const reason = value instanceof Error ? value.message : `it is ${String(value)}, not a finite number`;
        failed.set(i, `${name}: ${reason}`);
        return Number.NaN;
      });
    }
    const total = Float32Array.from(answers, (_, i) =>
      failed.has(i) ? 0 : named.reduce((sum, { name, weight }) => sum + weight * parts[name]![i]!, 0),
    );
    return { total, parts, failed };
  };
}

async function attempt(run: () => number | Promise<number>): Promise<number | Error> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
