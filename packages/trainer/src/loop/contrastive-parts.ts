import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Needs } from '@attune/algorithms';
import { withSafetensors, writeSafetensors } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { hash } from '../random.ts';
import type { Named } from './gradients.ts';

/**
 * The matching head: two logits, against and for belonging together, from both sides and their product: `[2, 3d]`, `[2]`.
 */
export const MATCHER = { weight: 'matcher.weight', bias: 'matcher.bias' } as const;

/** File of a model's folder and of a checkpoint that holds them. */
export const PARTS_FILE = 'contrastive.safetensors';

/** Where the first values come from. */
interface PartsOptions {
  /** Width of embeddings. */
  width: number;
  seed: number;
  /** Folder to go on from; what its file does not hold is fresh. */
  from: string | undefined;
}

/** What a contrastive method learns beside the model: its scalars, and a matching head where it needs one. */
export function contrastiveParts(
  { scalars = {}, matcher }: Needs,
  options: PartsOptions,
): Named<tf.Variable> {
  const fresh: Record<string, { shape: number[]; values: Float32Array }> = {};
  for (const [name, value] of Object.entries(scalars))
    fresh[name] = { shape: [], values: Float32Array.of(value) };
  if (matcher) {
    const { seed } = options;
    const width = 3 * options.width;
    // Small, as a reward model's head: at first nothing is sure.
    const bound = 1 / (width + 1);
    const draw = (i: number) => ((hash(seed, i, 'matcher') % 2 ** 24) / 2 ** 23 - 1) * bound;
    const values = Float32Array.from({ length: 2 * width }, (_, i) => draw(i));
    fresh[MATCHER.weight] = { shape: [2, width], values };
    fresh[MATCHER.bias] = { shape: [2], values: new Float32Array(2) };
  }
  const kept = readParts(options.from, fresh);
  return Object.fromEntries(
    Object.entries(fresh).map(([name, { shape, values }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(kept[name] ?? values, shape))),
    ]),
  );
}

/** Writes them into a folder. */
export function writeParts(folder: string, parts: Named<tf.Variable>): void {
  const tensors = Object.entries(parts).map(([name, part]) => ({
    name,
    dtype: 'F32' as const,
    shape: part.shape,
    data: () => part.dataSync<'float32'>(),
  }));
  if (tensors.length > 0) writeSafetensors(join(folder, PARTS_FILE), tensors);
}

function readParts(
  folder: string | undefined,
  wanted: Record<string, { shape: number[] }>,
): Record<string, Float32Array> {
  const path = folder && join(folder, PARTS_FILE);
  if (!path || !existsSync(path)) return {};
  return withSafetensors(path, (file) => {
    const fitting = Object.entries(wanted).filter(
      ([name, { shape }]) => file.tensors.has(name) && String(file.entry(name).shape) === String(shape),
    );
    return Object.fromEntries(fitting.map(([name]) => [name, file.readFloat32(name)]));
  });
}
