import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { CausalLM } from './causal-lm.ts';
import { checkParameters, makeFolder, type SaveOptions, tensorSources } from './checkpoint-folder.ts';
import { type ConfigReader, configReader } from './config-reader.ts';
import { applyLora, type LoraOptions } from './lora.ts';
import { projectionShapes } from './parameters.ts';
import { writeJsonAtomic } from './safetensors/atomic-write.ts';
import { withSafetensors } from './safetensors/reader.ts';
import { writeSafetensors } from './safetensors/writer.ts';
import { addScalarHead, hasScalarHead, SCALAR_HEAD } from './scalar-head.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** PEFT wraps the model twice, and its names say so. */
const PREFIX = 'base_model.model.';

/** What `saveAdapter` can be told. */
export interface SaveAdapterOptions extends Pick<SaveOptions, 'dtype'> {
  /** Name or path of the base model, noted in adapter_config.json; default none. */
  baseModel?: string;
}

/**
 * Writes a model's LoRA adapters, and its scalar head where it has one, as a PEFT folder: adapter_config.json and
 * adapter_model.safetensors.
 *
 * @throws when the model has none
 */
export function saveAdapter(model: CausalLM, dir: string, options: SaveAdapterOptions = {}): void {
  const { lora } = model;
  if (!lora) throw new Error('saveAdapter: the model has no adapters');
  makeFolder(dir);
  const tensors = tensorSources(model.trainable(), options.dtype);
  writeSafetensors(
    join(dir, WEIGHTS),
    tensors.map((source) => ({ ...source, name: PREFIX + source.name })),
  );
  writeJsonAtomic(join(dir, CONFIG), {
    peft_type: 'LORA',
    task_type: hasScalarHead(model) ? 'SEQ_CLS' : 'CAUSAL_LM',
    base_model_name_or_path: options.baseModel ?? null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    target_modules: [...lora.targetModules],
    ...(hasScalarHead(model) && { modules_to_save: ['score'] }),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
  });
}

/**
 * Reads a PEFT folder's LoRA adapters into a model that has none yet; the base parameters are frozen.
 *
 * @throws one line naming the file and the key or tensor, when the folder asks for more than plain LoRA or does not
 * fit the model
 */
export function loadAdapter(model: CausalLM, dir: string): void {
  const options = readAdapterConfig(join(dir, CONFIG), model);
  withSafetensors(join(dir, WEIGHTS), (file) => {
    const found = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
    const wanted = adapterShapes(model, options);
    const scores = found.has(PREFIX + SCALAR_HEAD);
    if (scores) wanted[PREFIX + SCALAR_HEAD] = [1, model.config.hidden_size];
    checkParameters(file.path, wanted, found);
    applyLora(model, options);
    if (scores) addScalarHead(model, { seed: 0 });
    for (const [name, parameter] of Object.entries(model.trainable()))
      tidy(() => parameter.assign(tensor(file.readFloat32(PREFIX + name), parameter.shape)));
  });
}

/** Shapes by PEFT name that these options give this model. */
function adapterShapes(model: CausalLM, { rank, targetModules }: LoraOptions): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  for (let layer = 0; layer < model.config.num_hidden_layers; layer++)
    for (const [projection, [out, input]] of Object.entries(projectionShapes(model.config))) {
      if (!targetModules!.includes(projection.split('.')[1]!)) continue;
      const name = `${PREFIX}model.layers.${layer}.${projection}`;
      shapes[`${name}.lora_A.weight`] = [rank, input!];
      shapes[`${name}.lora_B.weight`] = [out!, rank];
    }
  return shapes;
}

function readAdapterConfig(path: string, model: CausalLM): LoraOptions {
  const read = configReader(readObject(path), path);
  read.oneOf('peft_type', ['LORA']);
  read.oneOf('bias', ['none'], 'none');
  for (const key of ['use_dora', 'use_rslora', 'fan_in_fan_out', 'lora_bias'])
    if (read.flag(key, false)) throw read.wrong(key, 'false: only plain LoRA is supported');
  for (const key of [
    'rank_pattern',
    'alpha_pattern',
    'layers_to_transform',
    'layer_replication',
    'trainable_token_indices',
    'target_parameters',
    'exclude_modules',
  ])
    if (!isEmpty(read.optional(key))) throw read.wrong(key, 'empty: only plain LoRA is supported');
  const saved = read.optional('modules_to_save');
  if (!isEmpty(saved) && String(saved) !== 'score')
    throw read.wrong(
      'modules_to_save',
      'empty or ["score"]: only plain LoRA and a scalar head are supported',
    );
  const rank = read.count('r');
  const dropout = read.optional('lora_dropout') ? read.positive('lora_dropout') : 0;
  return {
    rank,
    alpha: read.positive('lora_alpha'),
    dropout,
    targetModules: readTargets(read, model),
    seed: 0, // every fresh matrix is overwritten
  };
}

/** A list of name endings or `"all-linear"`. */
function readTargets(read: ConfigReader, model: CausalLM): string[] {
  const known = Object.keys(projectionShapes(model.config)).map((name) => name.split('.')[1]!);
  const targets = read.optional('target_modules');
  if (targets === 'all-linear') return known;
  const isList = Array.isArray(targets) && targets.length > 0;
  if (!isList || !targets.every((target) => known.includes(target)))
    throw read.wrong('target_modules', `"all-linear" or a list of ${known.join(', ')}`);
  return targets as string[];
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && Object.keys(value as object).length === 0);
}

function readObject(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: cannot read as JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${path}: must be a JSON object`);
  return value as Record<string, unknown>;
}
