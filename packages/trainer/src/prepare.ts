import { type AnyAlgorithm, resolveAlgorithm } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { restoreState } from './checkpoint/state.ts';
import { createCodec, type TextCodec } from './data/codec.ts';
import { loadRecords, textsOf } from './data/records.ts';
import { obtainTokenizer, readTokenizer } from './data/tokenizer.ts';
import { UserError } from './errors.ts';
import type { BatchSource } from './loop/batch-source.ts';
import type { ContrastiveSettings } from './loop/contrastive.ts';
import { contrastiveParts } from './loop/contrastive-parts.ts';
import type { Evaluator } from './loop/evaluator.ts';
import { createRewardModel } from './loop/reward-model.ts';
import { TrainStep } from './loop/train-step.ts';
import { createState, type TrainState, type UpdateSettings } from './loop/update.ts';
import { checkModelFolder, trainedModel } from './model.ts';
import { createOptimizer } from './optimizers/index.ts';
import { describeIssues } from './recipe/issues.ts';
import { type LoadedRecipe, listProblems } from './recipe/load.ts';
import type { Recipe } from './recipe/schema.ts';
import { createScoring } from './rewards.ts';
import { loadRewardModel, Roles } from './roles.ts';
import type { RunFolder } from './run-folder.ts';
import { type ChosenAlgorithm, createSources } from './sources/index.ts';

/** Everything a run needs, ready for its first step. */
export interface Run {
  recipe: Recipe;
  model: CausalLM;
  state: TrainState;
  codec: TextCodec;
  /** The models beside the one that is trained. */
  roles: Roles;
  /** Of contrastive methods. */
  contrastive: ContrastiveSettings | undefined;
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
  if (algorithm.batch === 'rollout' && !recipe.rewards && recipe.rollout.environment === undefined) {
    throw new UserError(`${label}: ${name} learns from rewards; name them, e.g. rewards: [{ name: gsm8k }]`);
  }
  const needs = algorithm.needs?.(parsed.data as never) ?? {};
  if (needs.adapter && !recipe.adapter) {
    throw new UserError(`${label}: ${name} trains an adapter; name one, e.g. adapter: { rank: 8 }`);
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
  const { algorithm, options } = chosen;
  const needs = algorithm.needs?.(options) ?? {};
  if (recipe.model.path !== undefined) checkModelFolder(recipe.model.path);
  const backend = await useBackend(recipe.backend, { quiet: true });
  const records = await loadRecords(recipe, onNotice);
  const tokenizer = checkpoint
    ? readTokenizer(checkpoint.path)
    : obtainTokenizer(recipe, () => textsOf(records.train));
  const model = trainedModel(recipe, tokenizer, checkpoint?.path, { head: needs.head !== undefined });
  const codec = createCodec(
    tokenizer,
    recipe,
    records.train.map(({ example }) => example),
  );

  const { clipNorm, ema } = recipe.optimizer;
  const settings: UpdateSettings = { optimizer: createOptimizer(optimizerOptions(recipe)), clipNorm, ema };
  const contrastive: ContrastiveSettings | undefined =
    algorithm.batch === 'contrastive'
      ? {
          parts: contrastiveParts(needs, {
            width: model.config.hidden_size,
            seed: recipe.seed,
            from: checkpoint?.path ?? recipe.model.path,
          }),
          pooling: recipe.embedding?.pooling ?? 'mean',
          separatorId: codec.eosId ?? codec.padId,
        }
      : undefined;
  const state = createState(settings, { ...model.trainable(), ...contrastive?.parts });
  if (checkpoint) restoreState(checkpoint.path, state);

  const roles = new Roles({ recipe, needs, model, tokenizer, checkpoint: checkpoint?.path, settings });
  const judges = (recipe.rewards ?? []).flatMap((reward) =>
    reward.name === 'model' ? [roles.keep(loadRewardModel(reward.path, { model, tokenizer }))] : [],
  );
  const micro = recipe.batch.micro ?? recipe.batch.size ?? 32;
  const rewardModels = judges.map((judge) => createRewardModel(judge, { padId: codec.padId, micro }));
  const score = createScoring(recipe.rewards, rewardModels, onNotice);
  const context = {
    recipe,
    ...chosen,
    needs,
    model,
    roles,
    contrastive,
    codec,
    records,
    score,
    folder,
    onNotice,
  };
  const sources = await createSources(context);
  if (checkpoint) sources.source.restore(checkpoint.state.sampler);
  const { critic, criticState, teacher, liveReference: reference } = roles;
  const step = new TrainStep({
    ...settings,
    ...chosen,
    model,
    state,
    models: { critic, teacher, reference, contrastive },
    criticState,
    couplingState: checkpoint?.state.coupling,
  });
  return {
    recipe,
    model,
    state,
    codec,
    roles,
    contrastive,
    ...sources,
    step,
    dispose() {
      for (const part of [step, sources.source, sources.evaluator, ...rewardModels, roles, model])
        part?.dispose();
      const states = [state.slots, state.average, criticState?.slots ?? {}, contrastive?.parts ?? {}];
      tf.dispose(states as unknown as tf.TensorContainer);
    },
    description: { backend: backend.description, data: records.description },
  };
}

function optimizerOptions({ optimizer }: Recipe) {
  const { lr: _lr, clipNorm: _clipNorm, ema: _ema, ...options } = optimizer;
  return options;
}
