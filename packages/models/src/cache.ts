import { type Tensor1D, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './config.ts';

/** Keys and values of the tokens so far, one tensor per layer, for decoding token by token. */
export type KvCache = {
  /** Per layer `[batch, kvHeads, capacity, headDim]`. */
  keys: Tensor4D[];
  /** Per layer `[batch, kvHeads, capacity, headDim]`. */
  values: Tensor4D[];
  /** int32 `[batch]`: how many entries of each row are valid. */
  lengths: Tensor1D;
};

/**
 * An empty cache.
 *
 * @param capacity most tokens a row can hold, prompt and answer together
 */
export function createCache(config: DecoderConfig, batch: number, capacity: number): KvCache {
  const shape: [number, number, number, number] = [
    batch,
    config.num_key_value_heads,
    capacity,
    config.head_dim,
  ];
  const perLayer = () => Array.from({ length: config.num_hidden_layers }, () => zeros(shape) as Tensor4D);
  return { keys: perLayer(), values: perLayer(), lengths: zeros([batch], 'int32') };
}
