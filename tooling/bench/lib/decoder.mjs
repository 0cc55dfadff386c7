/** The decoder of the benchmarks; `peers/decoder.py` is the same model in PyTorch, with the same weights. */
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

/** @param {{ d: number, ffn: number, layers: number, heads: number, vocab: number }} sizes */
export function createDecoder({ d, ffn, layers, heads, vocab }) {
  const config = {
    model_type: 'llama',
    vocab_size: vocab,
    hidden_size: d,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    rms_norm_eps: 1e-6,
  };
  const model = CausalLM.fromConfig(config, { seed: 0 });
  const layerMatrices = (i) => [
    ...['q', 'k', 'v', 'o'].map((name) => `model.layers.${i}.self_attn.${name}_proj.weight`),
    ...['gate', 'up', 'down'].map((name) => `model.layers.${i}.mlp.${name}_proj.weight`),
  ];
  const matrices = [
    'model.embed_tokens.weight',
    ...Array.from({ length: layers }, (_, i) => layerMatrices(i)).flat(),
    'lm_head.weight',
  ];
  matrices.forEach((name, stream) => {
    const parameter = model.params[name];
    tf.tidy(() => parameter.assign(tf.tensor(weights(parameter.size, stream), parameter.shape)));
  });
  return model;
}

/** Pseudo-random weights around 0 that both sides compute alike: an integer hash of (position, stream). */
function weights(size, stream) {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let h = (Math.imul(i, 2654435761) + stream * 40503) >>> 0;
    h ^= h >>> 15;
    h = Math.imul(h, 2246822519) >>> 0;
    h = (h ^ (h >>> 13)) >>> 0;
    values[i] = Math.fround(h / 2 ** 32 - 0.5) * Math.fround(0.07);
  }
  return values;
}
