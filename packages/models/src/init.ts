import type { DecoderConfig } from './config.ts';

/**
 * Fresh values of a parameter: norms 1, biases 0, weights from a normal distribution of width `initializer_range`.
 * The projections that write into the residual stream are divided by √(2 · layers), so that its variance does not
 * grow with depth (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3).
 * The values depend on the seed and the parameter's name alone.
 */
export function initialValues(
  name: string,
  shape: readonly number[],
  config: DecoderConfig,
  seed: number,
): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (/norm\.weight$/.test(name)) return new Float32Array(size).fill(1);
  if (name.endsWith('.bias')) return new Float32Array(size);
  const residual = /\.(o_proj|down_proj)\.weight$/.test(name);
  const std = config.initializer_range / (residual ? Math.sqrt(2 * config.num_hidden_layers) : 1);
  return normal(size, std, seed, name);
}

/** Normal numbers of mean 0 (Box and Muller 1958), a pure function of seed and name. */
export function normal(size: number, std: number, seed: number, name: string): Float32Array {
  const random = uniformStream(seed, name);
  const out = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < size) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** Numbers evenly spread over [−bound, bound), a pure function of seed and name. */
export function uniform(size: number, bound: number, seed: number, name: string): Float32Array {
  const random = uniformStream(seed, name);
  return Float32Array.from({ length: size }, () => bound * (2 * random() - 1));
}

/** The numbers hash(key + 0), hash(key + 1) ... in [0, 1), where the key comes from the seed and the name. */
function uniformStream(seed: number, name: string): () => number {
  let state = scramble(seed | 0);
  for (let i = 0; i < name.length; i++) state = scramble(state ^ name.charCodeAt(i));
  let counter = 0;
  const other = scramble(state ^ 0x5bd1e995);
  return () => (scramble(scramble(counter++ ^ state) + other) >>> 0) / 2 ** 32;
}

/** A bijection of 32-bit integers that leaves no visible structure (the finaliser of MurmurHash3, Appleby 2011). */
function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
