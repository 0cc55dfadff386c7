import { join } from 'node:path';
import { type AnyAlgorithm, resolveAlgorithm } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { restoreState } from './checkpoint/state.ts';
import {
  createCodec,
  type EncodedPrompt,
  encodeExamples,
  encodePrompts,
  type TextCodec,
} from './data/encode.ts';
import { makeMicroBatches } from './data/micro-batches.ts';
import { type DataRecord, loadRecords, type Records, textsOf } from './data/records.ts';
import { obtainTokenizer, readTokenizer } from './data/tokenizer.ts';
import { UserError } from './errors.ts';
import type { BatchSource } from './loop/batch-source.ts';
import { Evaluator } from './loop/evaluator.ts';
import { OfflineSource } from './loop/offline-source.ts';
import { precomputeReference } from './loop/reference.ts';
import { RolloutSource } from './loop/rollout-source.ts';
import { TrainStep } from './loop/train-step.ts';
import { createState, type TrainState, type UpdateSettings } from './loop/update.ts';
import { checkModelFolder, initialModel, trainedModel } from './model.ts';
import { createOptimizer } from './optimizers/index.ts';
import { describeIssues } from './recipe/issues.ts';
import { type LoadedRecipe, listProblems } from './recipe/load.ts';
import type { Recipe } from './recipe/schema.ts';
import { createScoring } from './rewards.ts';
import type { RunFolder } from './run-folder.ts';

/** Everything a run needs, ready for its first step. */
export interface Run {
  recipe: Recipe;
  model: CausalLM;
  state: TrainState;
  codec: TextCodec;
  step: TrainStep;
  source: BatchSource;
  evaluator: Evaluator | undefined;
  /** Optimizer steps in all. */
  steps: number;
  /** In words. */
  description: { backend: string; data: string };
  /** Frees the models, the optimizer's state and all that was compiled. */
  dispose(): void;
}

/** What trains on the data: where batches come from, for how long, and what scores the result. */
interface Sources extends Pick<Run, 'source' | 'evaluator' | 'steps'> {
  /** A model of the reference's own. */
  reference?: CausalLM;
}

/** The algorithm of a recipe and its parsed options. */
export interface ChosenAlgorithm {
  algorithm: AnyAlgorithm;
  options: unknown;
}

/**
 * Finds the algorithm and validates its options.
 * @throws UserError in the form `recipe.yaml: algorithm.beta must be > 0, found -0.1`
 */
export async function chooseAlgorithm({ recipe, label, folder }: LoadedRecipe): Promise<ChosenAlgorithm> {
  const { name, ...given } = recipe.algorithm;
  let algorithm: AnyAlgorithm;
  try {
    algorithm = await resolveAlgorithm(name, { from: folder });
  } catch (error) {
    throw new UserError(`${label}: ${(error as Error).message}`);
  }
  const parsed = algorithm.options.safeParse(given);
  if (!parsed.success)
    throw listProblems(label, describeIssues(parsed.error, algorithm.options, given, ['algorithm']));
  if (algorithm.batch === 'rollout' && !recipe.rewards) {
    throw new UserError(`${label}: ${name} learns from rewards; name them, e.g. rewards: [{ name: gsm8k }]`);
  }
  return { algorithm, options: parsed.data };
}

/** Loads or restores everything that the recipe names. */
export async function prepareRun(
  { recipe }: LoadedRecipe,
  chosen: ChosenAlgorithm,
  folder: RunFolder,
  onNotice: (message: string) => void,
): Promise<Run> {
  const { checkpoint } = folder;
  checkModelFolder(recipe);
  const backend = await useBackend(recipe.backend, { quiet: true });
  const records = await loadRecords(recipe, onNotice);
  const tokenizer = checkpoint
    ? readTokenizer(checkpoint.path)
    : obtainTokenizer(recipe, () => textsOf(records.train));
  const model = trainedModel(recipe, tokenizer, checkpoint?.path);
  const codec = createCodec(
    tokenizer,
    recipe,
    records.train.map(({ example }) => example),
  );

  const { clipNorm, ema } = recipe.optimizer;
  const settings: UpdateSettings = { optimizer: createOptimizer(optimizerOptions(recipe)), clipNorm, ema };
  const state = createState(settings, model.trainable());
  if (checkpoint) restoreState(checkpoint.path, state);

  const context: Context = { recipe, ...chosen, model, codec, records, folder, onNotice };
  const sources = await (chosen.algorithm.batch === 'rollout'
    ? rolloutSources(context)
    : offlineSources(context));
  if (checkpoint) sources.source.restore(checkpoint.state.sampler);
  const step = new TrainStep({ ...settings, ...chosen, model, state });
  return {
    recipe,
    model,
    state,
    codec,
    ...sources,
    step,
    dispose() {
      for (const part of [step, sources.source, sources.evaluator, model, sources.reference]) part?.dispose();
      tf.dispose([state.slots, state.average] as unknown as tf.TensorContainer);
    },
    description: { backend: backend.description, data: records.description },
  };
}

interface Context extends ChosenAlgorithm {
  recipe: Recipe;
  model: CausalLM;
  codec: TextCodec;
  records: Records;
  folder: RunFolder;
  onNotice: (message: string) => void;
}

function optimizerOptions({ optimizer }: Recipe) {
  const { lr: _lr, clipNorm: _clipNorm, ema: _ema, ...options } = optimizer;
  return options;
}

/** A data set as the source; the reference model, where needed, is run over it once, now. */
async function offlineSources(context: Context): Promise<Sources> {
  const { recipe, algorithm, options, model, codec, records, folder, onNotice } = context;
  const kind = algorithm.batch as Exclude<typeof algorithm.batch, 'rollout'>;
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
  const batches = makeMicroBatches(heldOut, {
    ...layout,
    micro: recipe.evaluation.micro ?? micro,
    reference,
  });
  const prompts = heldOutPrompts(context, maxLength);
  return { source, steps, evaluator: makeEvaluator(context, batches, prompts) };
}

/** The policy's own answers as the source. */
async function rolloutSources(context: Context): Promise<Sources> {
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
  const evaluator = makeEvaluator(context, [], heldOutPrompts(context, room));
  return { source, steps, evaluator, reference: model.lora ? undefined : reference };
}

/** With adapters the reference is the model without them; else a model of its own. */
function frozenModel({ recipe, model, codec }: Context): CausalLM {
  return model.lora ? model.withoutLora() : initialModel(recipe, codec.tokenizer);
}

function longestSequence({ recipe, model }: Context): number {
  const context = model.config.max_position_embeddings;
  const { maxLength = context } = recipe.batch;
  if (maxLength > context) {
    throw new UserError(`batch.maxLength must be <= the model's context (${context}), found ${maxLength}`);
  }
  return maxLength;
}

function heldOutPrompts({ records, codec, recipe }: Context, maxLength: number): EncodedPrompt[] {
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
  { recipe, model, algorithm, options, codec }: Context,
  batches: ConstructorParameters<typeof Evaluator>[0]['batches'],
  prompts: readonly EncodedPrompt[],
): Evaluator | undefined {
  const { every, samples, temperature, maxTokens = recipe.rollout.maxTokens } = recipe.evaluation;
  if (every === 0 || (batches.length === 0 && prompts.length === 0)) return undefined;
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
