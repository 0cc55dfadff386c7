import { join } from 'node:path';
import type { AnyAlgorithm } from '@attune/algorithms';
import type { CausalLM } from '@attune/models';
import {
  type EncodedExample,
  type EncodedPrompt,
  encodeExamples,
  encodePrompts,
  type OfflineKind,
  type TextCodec,
} from './data/encode.ts';
import { makeMicroBatches } from './data/micro-batches.ts';
import type { DataRecord, Records } from './data/records.ts';
import { UserError } from './errors.ts';
import type { BatchSource } from './loop/batch-source.ts';
import { Evaluator, type EvaluatorOptions } from './loop/evaluator.ts';
import { OfflineSource } from './loop/offline-source.ts';
import { precomputeReference } from './loop/reference.ts';
import { RolloutSource } from './loop/rollout-source.ts';
import { initialModel } from './model.ts';
import type { Recipe } from './recipe/schema.ts';
import { createScoring } from './rewards.ts';
import type { RunFolder } from './run-folder.ts';

/** The algorithm of a recipe and its parsed options. */
export interface ChosenAlgorithm {
  algorithm: AnyAlgorithm;
  options: unknown;
}

/** What batches are made from. */
export interface SourceContext extends ChosenAlgorithm {
  recipe: Recipe;
  model: CausalLM;
  codec: TextCodec;
  records: Records;
  folder: RunFolder;
  onNotice: (message: string) => void;
}

/** What trains on the data: where batches come from, for how long, and what scores the result. */
export interface Sources {
  source: BatchSource;
  evaluator: Evaluator | undefined;
  /** Optimizer steps in all. */
  steps: number;
  /** A model of the reference's own. */
  reference?: CausalLM;
}

/** Builds the source that the algorithm's batch kind wants. */
export function createSources(context: SourceContext): Promise<Sources> {
  const { batch, name } = context.algorithm;
  switch (batch) {
    case 'rollout':
      return rolloutSources(context);
    case 'supervised':
    case 'pairwise':
    case 'unpaired':
      return offlineSources(context, batch);
    default:
      throw new UserError(`${name}: the trainer has no ${batch} batches yet`);
  }
}

/** A data set as the source; the reference model, where needed, is run over it once, now. */
async function offlineSources(context: SourceContext, kind: OfflineKind): Promise<Sources> {
  const { recipe, algorithm, options, model, codec, records, folder, onNotice } = context;
  const { size = 8, micro = size, packing, groupByLength } = recipe.batch;
  const maxLength = longestSequence(context);
  const encode = (part: readonly DataRecord[], say = onNotice) =>
    encodeExamples(part, codec, { kind, maxLength, packing, onNotice: say });
  const train = encode(records.train);
  if (train.length === 0) throw new UserError('no training example is left: raise batch.maxLength');
  const heldOut = encode(records.validation, () => {}).slice(0, recipe.evaluation.examples);

  const layout = { kind, padId: codec.padId, maxLength, packing };
  const source = new OfflineSource(train, { ...layout, micro, size, seed: recipe.seed, groupByLength });
  const steps = recipe.schedule.steps ?? Math.ceil((recipe.schedule.epochs! * train.length) / size);
  // Before its first step the policy is the reference.
  let own: CausalLM | undefined;
  const frozen = () => {
    if (!folder.checkpoint) return model;
    own = frozenModel(context);
    return own;
  };
  const reference = algorithm.needs?.(options).reference
    ? await precomputeReference(
        join(folder.path, 'reference.safetensors'),
        [...source.visited(steps), ...heldOut],
        frozen,
        { padId: codec.padId, maxLength, micro },
      )
    : undefined;
  if (reference) source.useReference(reference);
  if (!model.lora) own?.dispose();
  const inBatches = (examples: readonly EncodedExample[]) =>
    makeMicroBatches(examples, { ...layout, micro: recipe.evaluation.micro ?? micro, reference });
  const fitted = source.visited(steps).slice(0, recipe.evaluation.train);
  const batches = { validation: inBatches(heldOut), train: inBatches(fitted) };
  return { source, steps, evaluator: makeEvaluator(context, batches, heldOutPrompts(context, maxLength)) };
}

/** The policy's own answers as the source. */
async function rolloutSources(context: SourceContext): Promise<Sources> {
  const { recipe, algorithm, options, model, codec, records, onNotice } = context;
  const maxLength = longestSequence(context);
  const room = maxLength - 1;
  const prompts = encodePrompts(records.train, codec, { maxLength: room, onNotice });
  if (prompts.length === 0) throw new UserError('no prompt is left: raise batch.maxLength or model.context');
  const { rollout } = recipe;
  const { size = rollout.prompts * rollout.answers } = recipe.batch;
  const reference = algorithm.needs?.(options).reference ? frozenModel(context) : undefined;
  const source = new RolloutSource(prompts, {
    model,
    reference,
    algorithm,
    options,
    codec,
    score: createScoring(recipe.rewards)!,
    rollout,
    size,
    micro: recipe.batch.micro ?? size,
    maxLength,
    seed: recipe.seed,
    samples: recipe.evaluation.samples,
  });
  const { epochs } = recipe.schedule;
  const rollouts = epochs === undefined ? 0 : Math.ceil((epochs * prompts.length) / rollout.prompts);
  const steps = recipe.schedule.steps ?? rollouts * source.stepsPerRollout;
  const evaluator = makeEvaluator(context, {}, heldOutPrompts(context, room));
  return { source, steps, evaluator, reference: model.lora ? undefined : reference };
}

/** With adapters the reference is the model without them; else a model of its own. */
function frozenModel({ recipe, model, codec }: SourceContext): CausalLM {
  return model.lora ? model.withoutLora() : initialModel(recipe, codec.tokenizer);
}

function longestSequence({ recipe, model }: SourceContext): number {
  const context = model.config.max_position_embeddings;
  const { maxLength = context } = recipe.batch;
  if (maxLength > context) {
    throw new UserError(`batch.maxLength must be <= the model's context (${context}), found ${maxLength}`);
  }
  return maxLength;
}

function heldOutPrompts({ records, codec, recipe }: SourceContext, maxLength: number): EncodedPrompt[] {
  const { examples, samples } = recipe.evaluation;
  const asked = records.validation.filter(({ example }) => 'prompt' in example).slice(0, examples);
  if (asked.length > 0) return encodePrompts(asked, codec, { maxLength, onNotice: () => {} });
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
  return { ids, text: tokenizer.decode(ids), row, name };
}

function makeEvaluator(
  { recipe, model, algorithm, options, codec }: SourceContext,
  batches: EvaluatorOptions['batches'],
  prompts: readonly EncodedPrompt[],
): Evaluator | undefined {
  const { every, samples, temperature, maxTokens = recipe.rollout.maxTokens } = recipe.evaluation;
  const nothing = prompts.length === 0 && Object.values(batches).every((part) => part.length === 0);
  if (every === 0 || nothing) return undefined;
  const score = createScoring(recipe.rewards);
  return new Evaluator({
    model,
    algorithm,
    options,
    codec,
    batches,
    prompts,
    score,
    samples,
    maxTokens,
    temperature,
    seed: recipe.seed,
  });
}
