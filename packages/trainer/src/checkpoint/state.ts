import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Estimate } from '@attune/eval';
import {
  type CausalLM,
  loadAdapter,
  type SafetensorsFile,
  saveAdapter,
  type TensorSource,
  withSafetensors,
  writeSafetensors,
} from '@attune/models';
import type { Tokenizer } from '@attune/tokenizer';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.ts';
import { writeParts } from '../loop/contrastive-parts.ts';
import type { Named } from '../loop/gradients.ts';
import type { TrainState } from '../loop/update.ts';

/** What a checkpoint remembers besides tensors, `trainer-state.json`. */
export interface TrainerState {
  version: 1;
  /** Optimizer steps taken. */
  step: number;
  /** All randomness is a function of this and of counters that follow from `step`. */
  seed: number;
  optimizer: string;
  /** Where the source of batches stands. */
  sampler: unknown;
  /** What the algorithm's coupling keeps from step to step. */
  coupling?: unknown;
  /** Lengths of the log files at this step: a resumed run cuts them back to here. */
  metricsBytes: number;
  speedBytes: number;
  samplesBytes: number;
  /** The last value of every metric, and the last confidence intervals. */
  metrics: Record<string, number>;
  scores: Record<string, Estimate>;
}

/**
 * Fills a checkpoint folder: the model in Hugging Face layout (with LoRA a PEFT folder of the adapters),
 * `tokenizer.json`, `optimizer.safetensors` with tensors named `<slot>/<parameter>`, `average.safetensors` when an
 * average of the weights is kept, `critic/` where there is one, and `trainer-state.json`.
 */
export function saveState(
  folder: string,
  model: CausalLM,
  tokenizer: Tokenizer,
  state: TrainState,
  trainer: TrainerState,
  { critic, reference, parts }: OtherState = {},
): void {
  if (model.lora) saveAdapter(model, folder);
  else model.save(folder);
  writeJson(join(folder, 'tokenizer.json'), tokenizer.toJSON());
  writeSafetensors(join(folder, 'optimizer.safetensors'), sources(flattenSlots(state)));
  if (Object.keys(state.average).length > 0) {
    writeSafetensors(join(folder, 'average.safetensors'), sources(state.average));
  }
  if (critic) {
    const own = join(folder, 'critic');
    critic.model.save(own);
    writeSafetensors(join(own, 'optimizer.safetensors'), sources(flattenSlots(critic.state)));
  }
  if (reference) writeSafetensors(join(folder, 'reference.safetensors'), sources(reference));
  if (parts) writeParts(folder, parts);
  writeJson(join(folder, 'trainer-state.json'), trainer);
}

/** What else a run changes. */
export interface OtherState {
  critic?: { model: CausalLM; state: TrainState };
  /** Parameters of a reference that follows the policy. */
  reference?: Named<tf.Variable>;
  /** What a contrastive method learns beside the model. */
  parts?: Named<tf.Variable>;
}

/** Reads what `saveState` wrote, besides the tensors. */
export function readTrainerState(folder: string): TrainerState {
  return JSON.parse(readFileSync(join(folder, 'trainer-state.json'), 'utf8')) as TrainerState;
}

/**
 * Puts a checkpoint's tensors into a model and state of the same shapes.
 * @throws UserError when the checkpoint belongs to another optimizer or model
 */
export function restoreState(folder: string, state: TrainState): void {
  assignAll(join(folder, 'optimizer.safetensors'), flattenSlots(state));
  if (Object.keys(state.average).length > 0) assignAll(join(folder, 'average.safetensors'), state.average);
}

/** Puts a checkpoint's adapters onto a base model. */
export function restoreAdapter(folder: string, model: CausalLM): void {
  loadAdapter(model, folder);
}

/** Optimizer tensors by `<slot>/<parameter>`. */
function flattenSlots(state: TrainState): Named<tf.Variable> {
  const flat: Named<tf.Variable> = {};
  for (const [name, slots] of Object.entries(state.slots)) {
    for (const [slot, variable] of Object.entries(slots)) flat[`${slot}/${name}`] = variable;
  }
  return flat;
}

/** Puts the tensors of a file into variables. @throws UserError when they are not the same */
export function assignAll(path: string, variables: Named<tf.Variable>): void {
  withSafetensors(path, (file) => {
    const [surplus] = [...file.tensors.keys()].filter((name) => !(name in variables));
    if (surplus)
      throw new UserError(`${path}: holds ${surplus}, which the recipe's optimizer has no use for`);
    for (const [name, variable] of Object.entries(variables)) assignFrom(file, path, name, variable);
  });
}

function assignFrom(file: SafetensorsFile, path: string, name: string, variable: tf.Variable): void {
  if (!file.tensors.has(name))
    throw new UserError(`${path}: lacks ${name}, which the recipe's optimizer needs`);
  const { shape } = file.entry(name);
  if (String(shape) !== String(variable.shape)) {
    throw new UserError(`${path}: ${name} has shape [${shape}], the model wants [${variable.shape}]`);
  }
  tf.tidy(() => variable.assign(tf.tensor(file.readFloat32(name), variable.shape)));
}

function sources(tensors: Named<tf.Variable>): TensorSource[] {
  return Object.entries(tensors).map(([name, tensor]) => ({
    name,
    dtype: 'F32' as const,
    shape: tensor.shape,
    data: () => tensor.dataSync() as Float32Array,
  }));
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
