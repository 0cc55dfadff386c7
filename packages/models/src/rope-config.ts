import type { ConfigReader } from './config-reader.ts';

/** Position interpolation: every frequency divided by `factor` (Chen et al. 2023, arXiv:2306.15595). */
export interface LinearRopeScaling {
  rope_type: 'linear';
  factor: number;
}

/** Llama 3.1's rule: long waves are slowed by `factor`, short ones kept, those between blended. */
export interface Llama3RopeScaling {
  rope_type: 'llama3';
  factor: number;
  low_freq_factor: number;
  high_freq_factor: number;
  original_max_position_embeddings: number;
}

/** `rope_scaling` of config.json. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling;

/** Reads `rope_theta` with `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5). */
export function parseRope(read: ConfigReader): { rope_theta: number; rope_scaling: RopeScaling | null } {
  refusePartial(read);
  const key = ['rope_parameters', 'rope_scaling'].find((name) => read.optional(name) !== undefined);
  if (key === undefined) return { rope_theta: read.positive('rope_theta', 10_000), rope_scaling: null };
  const rope = read.nested(key);
  const theta = key === 'rope_parameters' ? rope.positive('rope_theta', 10_000) : undefined;
  refusePartial(rope);
  return {
    rope_theta: theta ?? read.positive('rope_theta', 10_000),
    rope_scaling: parseScaling(rope),
  };
}

function parseScaling(rope: ConfigReader): RopeScaling | null {
  const typeKey = rope.optional('rope_type') === undefined ? 'type' : 'rope_type';
  const rope_type = rope.oneOf(typeKey, ['default', 'linear', 'llama3']);
  if (rope_type === 'default') return null;
  const factor = rope.positive('factor');
  if (rope_type === 'linear') return { rope_type, factor };
  const low_freq_factor = rope.positive('low_freq_factor');
  const high_freq_factor = rope.positive('high_freq_factor');
  if (high_freq_factor <= low_freq_factor)
    throw rope.wrong('high_freq_factor', `more than low_freq_factor (${low_freq_factor})`);
  const original_max_position_embeddings = rope.count('original_max_position_embeddings');
  return { rope_type, factor, low_freq_factor, high_freq_factor, original_max_position_embeddings };
}

function refusePartial(read: ConfigReader): void {
  if (read.positive('partial_rotary_factor', 1) !== 1)
    throw read.wrong('partial_rotary_factor', '1: rotary embedding of a part of each head is not supported');
}
