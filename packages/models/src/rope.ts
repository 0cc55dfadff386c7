import { cast, cos, expandDims, mul, sin, type Tensor, type Tensor2D, tensor1d } from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './config.ts';
import type { Llama3RopeScaling } from './rope-config.ts';

/** Cosines and sines of the rotary angles, each `[batch | 1, seq, head_dim / 2]`. */
export interface RotaryTables {
  cos: Tensor;
  sin: Tensor;
}

/**
 * Angular frequency of each pair of a head, θ^(−2i / d) for i < d / 2 (Su et al. 2021, "RoFormer", section 3.2.2),
 * changed as `rope_scaling` asks. Radians per position, `[head_dim / 2]`.
 */
export function rotaryFrequencies({ head_dim, rope_theta, rope_scaling }: DecoderConfig): Float32Array {
  const frequencies = Float32Array.from(
    { length: head_dim / 2 },
    (_, i) => rope_theta ** ((-2 * i) / head_dim),
  );
  if (rope_scaling?.rope_type === 'linear') return frequencies.map((f) => f / rope_scaling.factor);
  if (rope_scaling?.rope_type === 'llama3') return frequencies.map((f) => llama3Frequency(f, rope_scaling));
  return frequencies;
}

/**
 * Llama 3.1's rule ("The Llama 3 Herd of Models", arXiv:2407.21783, and its reference code). A wave that turns more
 * than `high_freq_factor` times within the original context stays; one that turns less than `low_freq_factor` times
 * is slowed by `factor`; between them the two are blended.
 */
function llama3Frequency(frequency: number, scaling: Llama3RopeScaling): number {
  const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
  const turns = (scaling.original_max_position_embeddings * frequency) / (2 * Math.PI);
  const keep = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return frequency * (keep + (1 - keep) / factor);
}

/** @param positions int32 `[batch | 1, seq]` */
export function rotaryTables(config: DecoderConfig, positions: Tensor2D): RotaryTables {
  const angles = mul(expandDims(cast(positions, 'float32'), 2), tensor1d(rotaryFrequencies(config)));
  return { cos: cos(angles), sin: sin(angles) };
}
