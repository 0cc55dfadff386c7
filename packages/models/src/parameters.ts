import type { Tensor } from '@tensorflow/tfjs-core';
import { type DecoderConfig, featuresOf } from './config.ts';

/** Parameters by Hugging Face name, e.g. `model.layers.0.self_attn.q_proj.weight`. */
export type Params = Readonly<Record<string, Tensor>>;

/** Names and shapes, in the order of the forward pass. */
export type ParameterShapes = Record<string, number[]>;

/** The linear layers of one decoder layer: name within the layer → `[out, in]`. */
export function projectionShapes(config: DecoderConfig): ParameterShapes {
  const { hidden_size: d, intermediate_size: ff, head_dim } = config;
  const queries = config.num_attention_heads * head_dim;
  const keys = config.num_key_value_heads * head_dim;
  return {
    'self_attn.q_proj': [queries, d],
    'self_attn.k_proj': [keys, d],
    'self_attn.v_proj': [keys, d],
    'self_attn.o_proj': [d, queries],
    'mlp.gate_proj': [ff, d],
    'mlp.up_proj': [ff, d],
    'mlp.down_proj': [d, ff],
  };
}

/** Name and shape of every parameter of a decoder. */
export function parameterShapes(config: DecoderConfig): ParameterShapes {
  const { vocab_size: vocab, hidden_size: d } = config;
  const shapes: ParameterShapes = { 'model.embed_tokens.weight': [vocab, d] };
  for (let layer = 0; layer < config.num_hidden_layers; layer++)
    for (const [name, shape] of Object.entries(layerShapes(config)))
      shapes[`model.layers.${layer}.${name}`] = shape;
  shapes['model.norm.weight'] = [d];
  if (!config.tie_word_embeddings) shapes['lm_head.weight'] = [vocab, d];
  return shapes;
}

function layerShapes(config: DecoderConfig): ParameterShapes {
  const { hidden_size: d, head_dim } = config;
  const { qkNorm } = featuresOf(config);
  const shapes: ParameterShapes = { 'input_layernorm.weight': [d] };
  for (const [name, shape] of Object.entries(projectionShapes(config))) {
    shapes[`${name}.weight`] = shape;
    if (hasBias(config, name)) shapes[`${name}.bias`] = [shape[0]!];
  }
  if (qkNorm) {
    shapes['self_attn.q_norm.weight'] = [head_dim];
    shapes['self_attn.k_norm.weight'] = [head_dim];
  }
  shapes['post_attention_layernorm.weight'] = [d];
  return shapes;
}

function hasBias(config: DecoderConfig, projection: string): boolean {
  const { qkvBias, outputBias, mlpBias } = featuresOf(config);
  if (projection.startsWith('mlp.')) return mlpBias;
  return projection === 'self_attn.o_proj' ? outputBias : qkvBias;
}

/** Looks up a parameter that must be there. */
export function need(params: Params, name: string): Tensor {
  const parameter = params[name];
  if (!parameter) throw new Error(`parameter ${name} is missing`);
  return parameter;
}
