import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '@tensorflow/tfjs-core';
import { configToJson, type DecoderConfig } from './config.ts';
import type { ParameterShapes } from './parameters.ts';
import { writeJsonAtomic } from './safetensors/atomic-write.ts';
import { type FloatDtype, fromFloat32 } from './safetensors/dtypes.ts';
import { withCheckpoint, writeCheckpoint } from './safetensors/sharded.ts';
import type { TensorSource } from './safetensors/writer.ts';
import { SCALAR_HEAD } from './scalar-head.ts';

const DTYPES = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const satisfies Record<
  string,
  FloatDtype
>;

/** How weights are saved. */
export interface SaveOptions {
  /** Default `'float32'`. The halves are rounded to nearest, ties to even. */
  dtype?: keyof typeof DTYPES;
  /** Bytes of weights per file before a checkpoint is split into shards, default 5e9. */
  maxShardBytes?: number;
}

/**
 * Opens a folder's weights, checks that they are exactly the wanted parameters, and hands `use` a function that
 * reads one as float32.
 *
 * @param shapesFor the wanted parameters, given the names that are there
 * @throws one line naming the folder and the parameters that are missing, unexpected or of another shape
 */
export function readParameters<T>(
  dir: string,
  shapesFor: (names: ReadonlySet<string>) => ParameterShapes,
  use: (read: (name: string) => Float32Array, shapes: ParameterShapes) => T,
): T {
  return withCheckpoint(dir, (files) => {
    // The bare model, as embedding models are saved, names its weights without the language model's prefix.
    const prefix = files.has('embed_tokens.weight') ? 'model.' : '';
    const found = new Map([...files].map(([name, file]) => [prefix + name, file.entry(name).shape]));
    const shapes = shapesFor(new Set(found.keys()));
    checkParameters(dir, shapes, found);
    const stored = (name: string) => name.slice(prefix.length);
    return use((name) => files.get(stored(name))!.readFloat32(stored(name)), shapes);
  });
}

/** Compares a checkpoint's tensors with the wanted ones; throws one line that names the differences. */
export function checkParameters(
  source: string,
  wanted: ParameterShapes,
  found: ReadonlyMap<string, readonly number[]>,
): void {
  const missing = Object.keys(wanted).filter((name) => !found.has(name));
  const unexpected = [...found.keys()].filter((name) => !(name in wanted) && !isHarmless(name));
  const misshapen = Object.entries(wanted)
    .filter(([name, shape]) => found.has(name) && String(found.get(name)) !== String(shape))
    .map(
      ([name, shape]) => `${name} (found [${found.get(name)!.join(', ')}], expected [${shape.join(', ')}])`,
    );
  const complaints = [
    some('missing', missing),
    some('unexpected', unexpected),
    some('wrong shape', misshapen),
  ].filter(Boolean);
  if (complaints.length)
    throw new Error(`${source}: the weights do not fit the configuration: ${complaints.join('; ')}`);
}

/** Writes config.json and the weights. */
export function saveModel(
  dir: string,
  config: DecoderConfig,
  params: Record<string, Variable>,
  { dtype = 'float32', maxShardBytes }: SaveOptions,
): void {
  makeFolder(dir);
  writeCheckpoint(dir, tensorSources(params, dtype), { maxShardBytes });
  writeJsonAtomic(
    join(dir, 'config.json'),
    configToJson(config, dtype, { scalarHead: SCALAR_HEAD in params }),
  );
}

/** Variables as tensors to write, each converted when its turn comes. */
export function tensorSources(
  params: Record<string, Variable>,
  dtype: keyof typeof DTYPES = 'float32',
): TensorSource[] {
  const stored = DTYPES[dtype];
  if (!stored)
    throw new Error(`save: dtype must be one of ${Object.keys(DTYPES).join(', ')}, found ${dtype}`);
  return Object.entries(params).map(([name, parameter]) => ({
    name,
    dtype: stored,
    shape: parameter.shape,
    data: () => fromFloat32(parameter.dataSync<'float32'>(), stored),
  }));
}

/** Creates a folder and its parents; the error names it. */
export function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw new Error(`${dir}: cannot create the folder (${(error as Error).message})`);
  }
}

/** Tensors that checkpoints carry although they follow from the others: a tied output matrix, rotary tables. */
function isHarmless(name: string): boolean {
  return name === 'lm_head.weight' || name.endsWith('.rotary_emb.inv_freq');
}

function some(what: string, names: string[]): string {
  if (!names.length) return '';
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${what} ${names.slice(0, 3).join(', ')}${more}`;
}
