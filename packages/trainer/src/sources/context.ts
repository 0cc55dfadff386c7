import type { AnyAlgorithm, Needs } from '@attune/algorithms';
import type { CausalLM } from '@attune/models';
import { type EncodedPrompt, encodePrompts, type TextCodec } from '../data/codec.ts';
import type { DataRecord, Records } from '../data/records.ts';
import { UserError } from '../errors.ts';
import type { BatchSource } from '../loop/batch-source.ts';
import type { ContrastiveSettings } from '../loop/contrastive.ts';
import { Evaluator, type EvaluatorOptions } from '../loop/evaluator.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { ScoreAnswers } from '../rewards.ts';
import type { Roles } from '../roles.ts';
import type { RunFolder } from '../run-folder.ts';

/** The algorithm of a recipe and its parsed options. */
export interface ChosenAlgorithm {
  algorithm: AnyAlgorithm;
  options: unknown;
}

/** What batches are made from. */
export interface SourceContext extends ChosenAlgorithm {
  recipe: Recipe;
  needs: Needs;
  model: CausalLM;
  roles: Roles;
  /** Of contrastive methods. */
  contrastive: ContrastiveSettings | undefined;
  codec: TextCodec;
  records: Records;
  /** Scores answers; undefined when the recipe names no rewards. */
  score: ScoreAnswers | undefined;
  folder: RunFolder;
  onNotice: (message: string) => void;
}

/** What trains on the data: where batches come from, for how long, and what scores the result. */
export interface Sources {
  source: BatchSource;
  evaluator: Evaluator | undefined;
  /** Optimizer steps in all. */
  steps: number;
}

/** The longest sequence of a recipe's batches. @throws UserError when the model cannot see as far */
export function longestSequence({ recipe, model }: SourceContext): number {
  const context = model.config.max_position_embeddings;
  const { maxLength = context } = recipe.batch;
  if (maxLength > context) {
    throw new UserError(`batch.maxLength must be <= the model's context (${context}), found ${maxLength}`);
  }
  return maxLength;
}

/** Examples per step and per pass. @throws UserError when they do not suit the algorithm */
export function batchSizes({ recipe, needs, algorithm }: SourceContext, usual: number) {
  const { size = usual, micro = size, packing } = recipe.batch;
  const { leastExamples = needs.mismatched ? 2 : 1 } = needs;
  if (size < leastExamples) {
    throw new UserError(
      `batch.size must be >= ${leastExamples}, found ${size}: ${algorithm.name} compares the examples of a step with each other`,
    );
  }
  if (needs.wholeBatch && micro < size) {
    throw new UserError(
      `batch.micro must be batch.size (${size}), found ${micro}: ${algorithm.name} compares all examples of a step, so it cannot be cut`,
    );
  }
  const single = needs.unpacked || needs.head || algorithm.batch !== 'supervised';
  if (packing && single) {
    throw new UserError(
      `batch.packing must be false: ${algorithm.name} wants every sequence in a row of its own`,
    );
  }
  return { size, micro, leastExamples };
}

/** Notices about held-out data say so. */
export const ofHeldOut =
  (onNotice: (message: string) => void) =>
  (message: string): void =>
    onNotice(`held out: ${message}`);

/** What the model is asked at evaluations: held-out prompts, or the openings of held-out texts. */
export function heldOutPrompts(
  { records, codec, recipe, onNotice }: SourceContext,
  maxLength: number,
): EncodedPrompt[] {
  const { examples, samples } = recipe.evaluation;
  const asked = records.validation.filter(({ example }) => 'prompt' in example).slice(0, examples);
  if (asked.length > 0) return encodePrompts(asked, codec, { maxLength, onNotice: ofHeldOut(onNotice) });
  return records.validation.slice(0, samples).map((record) => openingOf(record, codec, maxLength));
}

/** The first words of a held-out text, for the model to continue. */
function openingOf(
  { example, row, name }: DataRecord,
  { tokenizer }: TextCodec,
  maxLength: number,
): EncodedPrompt {
  const text = example.kind === 'text' ? example.text.slice(0, 200) : '';
  const ids = Array.from(tokenizer.encodeIds(text)).slice(0, Math.max(1, Math.min(8, maxLength - 1)));
  return { ids, text: tokenizer.decode(ids), example, row, name };
}

/** What scores the model on held-out examples; undefined when there is nothing to score, or nobody asked. */
export function makeEvaluator(
  { recipe, model, roles, algorithm, options, codec, score, contrastive }: SourceContext,
  batches: EvaluatorOptions['batches'],
  prompts: readonly EncodedPrompt[],
  measure?: EvaluatorOptions['measure'],
): Evaluator | undefined {
  const { every, samples, temperature, maxTokens = recipe.rollout.maxTokens } = recipe.evaluation;
  const nothing = prompts.length === 0 && Object.values(batches).every((part) => part.length === 0);
  if (every === 0 || nothing) return undefined;
  const { teacher, critic, liveReference: reference } = roles;
  return new Evaluator({
    algorithm,
    options,
    models: { policy: model, teacher, critic, reference, contrastive },
    codec,
    batches,
    prompts,
    measure,
    score,
    samples,
    maxTokens,
    temperature,
    seed: recipe.seed,
  });
}
