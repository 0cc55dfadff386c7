import {
  attention,
  cachedAttention,
  checkpoint,
  embedding,
  linear,
  rmsNorm,
  rotary,
  swiglu,
} from '@attune/backend-onnx/ops';
import {
  add,
  expandDims,
  range,
  reshape,
  type Scalar,
  scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  transpose,
} from '@tensorflow/tfjs-core';
import { dropoutNumbers } from './adapter-dropout.ts';
import type { KvCache } from './cache.ts';
import type { DecoderConfig } from './config.ts';
import { need, type Params } from './parameters.ts';
import { type AdapterContext, project, projectionInput } from './projection.ts';
import { type RotaryTables, rotaryTables } from './rope.ts';
import { segmentMask, segmentPositions, spanPositions } from './segments.ts';

/** A batch of token sequences, padded on the right. */
export interface DecoderInputs {
  /** int32 `[batch, seq]`. */
  inputIds: Tensor2D;
  /** int32 `[batch | 1, seq]`; default 0, 1, 2 ..., beginning anew in every segment. */
  positions?: Tensor2D;
  /** int32 `[batch, seq]` for packed rows: a token attends within its own segment; 0 = padding. */
  segmentIds?: Tensor2D;
  /**
   * int32 `[batch, seq, 3]`, in the place of `positions` and `segmentIds`: what each token attends to, see `spanMask` of
   * `@attune/backend-onnx/ops`. Sequences of one row may then share a prompt.
   */
  spans?: Tensor3D;
  /** int32 scalar, another one each step: switches the adapters' dropout on. */
  dropoutSeed?: Scalar;
}

/** What a forward pass is told besides parameters, configuration and inputs. */
export interface DecoderOptions {
  /** LoRA's scale and dropout; adapters among the parameters are ignored without it. */
  adapters?: Pick<AdapterContext, 'scale' | 'dropout'>;
  /** Keep only each layer's input for the backward pass and compute the rest again. Default false. */
  gradientCheckpointing?: boolean;
}

/** New tokens for a model that decodes with a cache. */
export interface StepInputs {
  /** int32 `[batch, seq]`: the prompts, padded on the right, or the next token of each row. */
  inputIds: Tensor2D;
  /** int32 `[batch | 1, seq]`; default: each row continues after its cached tokens. */
  positions?: Tensor2D;
  /** int32 `[batch]`: how many of the new tokens are not padding; default all. */
  counts?: Tensor1D;
  cache: KvCache;
}

/** What one step of decoding gives. */
export type StepOutput = {
  /** `[batch, seq, d]`, after the last norm; meaningless at padding. */
  hidden: Tensor3D;
  /** Takes the place of the cache that went in, which must not be used again. */
  cache: KvCache;
};

/** Everything that the layers share. */
interface Pass {
  config: DecoderConfig;
  rope: RotaryTables;
  /** Which tokens of a packed row belong together; see `segmentMask`. */
  mask?: Tensor4D;
  spans?: Tensor3D;
  adapters?: AdapterContext;
  /** `[batch, heads, seq, headDim]` queries and their keys and values → the same shape as the queries. */
  attend: (
    layer: number,
    q: Tensor4D,
    k: Tensor4D,
    v: Tensor4D,
    seen: Pick<Pass, 'mask' | 'spans'>,
  ) => Tensor4D;
}

/**
 * The hidden states of a whole batch, after the last norm: `[batch, seq, d]`.
 * Llama (Touvron et al. 2023, arXiv:2302.13971), Qwen2 (arXiv:2407.10671), Qwen3 (arXiv:2505.09388): pre-norm blocks
 * of causal grouped-query attention with rotary positions and of SwiGLU.
 */
export function decoderHidden(
  params: Params,
  config: DecoderConfig,
  inputs: DecoderInputs,
  options: DecoderOptions = {},
): Tensor3D {
  const { inputIds, segmentIds, spans } = inputs;
  const mask = spans ? undefined : segmentIds && segmentMask(segmentIds);
  const positions = spans
    ? spanPositions(spans)
    : (inputs.positions ?? (mask ? segmentPositions(mask) : firstPositions(inputIds.shape[1])));
  const pass: Pass = {
    config,
    rope: rotaryTables(config, positions),
    adapters: withDropout(options.adapters, config, inputs),
    mask,
    spans,
    attend: (_, q, k, v, { mask, spans }) => attention(q, k, v, spans ? { spans } : { causal: true, mask }),
  };
  return runLayers(params, inputIds, pass, options.gradientCheckpointing ? checkpointedLayer : decoderLayer);
}

/** Tensors that go into projections: a layer's input to q, k and v, to o, to gate and up, and to down. */
const INPUTS_PER_LAYER = 4;

function withDropout(
  adapters: DecoderOptions['adapters'],
  config: DecoderConfig,
  { inputIds, dropoutSeed }: DecoderInputs,
): AdapterContext | undefined {
  if (!adapters?.dropout || !dropoutSeed) return adapters;
  const inputs = config.num_hidden_layers * INPUTS_PER_LAYER;
  const heads = config.num_attention_heads * config.head_dim;
  const width = Math.max(config.hidden_size, heads, config.intermediate_size);
  return { ...adapters, numbers: dropoutNumbers(dropoutSeed, inputs, inputIds.size, width) };
}

/** The hidden states of new tokens that attend to a cache as well, and the cache with them added. */
export function decoderStep(
  params: Params,
  config: DecoderConfig,
  { inputIds, positions, counts, cache }: StepInputs,
  options: Pick<DecoderOptions, 'adapters'> = {},
): StepOutput {
  const seq = inputIds.shape[1];
  const next: KvCache = { keys: [], values: [], lengths: add(cache.lengths, counts ?? scalar(seq, 'int32')) };
  const following = (): Tensor2D => add(expandDims(cache.lengths, 1), firstPositions(seq));
  const hidden = runLayers(params, inputIds, {
    config,
    rope: rotaryTables(config, positions ?? following()),
    adapters: options.adapters,
    attend: (layer, q, k, v) => {
      const [out, keys, values] = cachedAttention(
        q,
        k,
        v,
        cache.keys[layer]!,
        cache.values[layer]!,
        cache.lengths,
      );
      next.keys[layer] = keys;
      next.values[layer] = values;
      return out;
    },
  });
  return { hidden, cache: next };
}

/** Hidden states → logits over the vocabulary, `[..., d]` → `[..., vocab]`. */
export function decoderLogits<T extends Tensor>(params: Params, hidden: T): T {
  return linear(hidden, outputWeight(params));
}

/** The output matrix `[vocab, d]`; with tied embeddings there is only the embedding. */
export function outputWeight(params: Params): Tensor {
  return params['lm_head.weight'] ?? need(params, 'model.embed_tokens.weight');
}

type Layer = (params: Params, layer: number, x: Tensor3D, pass: Pass) => Tensor3D;

function runLayers(params: Params, inputIds: Tensor2D, pass: Pass, layer: Layer = decoderLayer): Tensor3D {
  let x: Tensor3D = embedding(inputIds, need(params, 'model.embed_tokens.weight'));
  for (let i = 0; i < pass.config.num_hidden_layers; i++) x = layer(params, i, x, pass);
  return rmsNorm(x, need(params, 'model.norm.weight'), pass.config.rms_norm_eps);
}

function decoderLayer(params: Params, layer: number, x: Tensor3D, pass: Pass): Tensor3D {
  const eps = pass.config.rms_norm_eps;
  const norm = (name: string, h: Tensor3D) =>
    rmsNorm(h, need(params, `model.layers.${layer}.${name}.weight`), eps);
  const attended: Tensor3D = add(x, selfAttention(params, layer, norm('input_layernorm', x), pass));
  return add(attended, mlp(params, layer, norm('post_attention_layernorm', attended), pass));
}

function selfAttention(params: Params, layer: number, x: Tensor3D, pass: Pass): Tensor3D {
  const { config, rope, adapters } = pass;
  const prefix = `model.layers.${layer}.self_attn`;
  const [batch, seq] = x.shape;

  const input = projectionInput(x, adapters, layer * INPUTS_PER_LAYER);
  const heads = (name: string, count: number): Tensor4D => {
    const flat = project(params, `${prefix}.${name}_proj`, input, adapters);
    const perHead: Tensor4D = reshape(flat, [batch, seq, count, config.head_dim]);
    const weight = params[`${prefix}.${name}_norm.weight`];
    return transpose(weight ? rmsNorm(perHead, weight, config.rms_norm_eps) : perHead, [0, 2, 1, 3]);
  };
  const q = rotary(heads('q', config.num_attention_heads), rope.cos, rope.sin);
  const k = rotary(heads('k', config.num_key_value_heads), rope.cos, rope.sin);
  const v = heads('v', config.num_key_value_heads);

  const out = transpose(pass.attend(layer, q, k, v, pass), [0, 2, 1, 3]);
  const joined: Tensor3D = reshape(out, [batch, seq, config.num_attention_heads * config.head_dim]);
  return project(
    params,
    `${prefix}.o_proj`,
    projectionInput(joined, adapters, layer * INPUTS_PER_LAYER + 1),
    adapters,
  );
}

function mlp(params: Params, layer: number, x: Tensor3D, { adapters }: Pass): Tensor3D {
  const prefix = `model.layers.${layer}.mlp`;
  const input = projectionInput(x, adapters, layer * INPUTS_PER_LAYER + 2);
  const gate = project(params, `${prefix}.gate_proj`, input, adapters);
  const up = project(params, `${prefix}.up_proj`, input, adapters);
  const inner = projectionInput(swiglu(gate, up), adapters, layer * INPUTS_PER_LAYER + 3);
  return project(params, `${prefix}.down_proj`, inner, adapters);
}

/**
 * The same layer, all its tensors passed as arguments: gradients of a checkpoint reach only arguments, and captured
 * tensors would be gone by the backward pass.
 */
function checkpointedLayer(params: Params, layer: number, x: Tensor3D, pass: Pass): Tensor3D {
  const { rope, mask, spans, adapters } = pass;
  const own = Object.entries(params).filter(([name]) => name.startsWith(`model.layers.${layer}.`));
  const shared = Object.entries({ ...rope, mask, spans, ...adapters?.numbers }).filter(([, value]) => value);
  const names = [...own, ...shared].map(([name]) => name);

  const run = checkpoint(
    (h: Tensor, ...values: Tensor[]) => {
      const given: Record<string, Tensor> = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return decoderLayer(given, layer, h as Tensor3D, {
        ...pass,
        rope: { cos: given.cos!, sin: given.sin! },
        mask: given.mask as Tensor4D | undefined,
        spans: given.spans as Tensor3D | undefined,
        adapters: adapters && {
          ...adapters,
          numbers: adapters.numbers && { table: given.table as Tensor2D, picks: given.picks as Tensor2D },
        },
      });
    },
    shared.map(([, value]) => value!),
  );
  return run(x, ...own.map(([, value]) => value)) as Tensor3D;
}

/** int32 `[1, seq]`: 0, 1, 2 ... */
function firstPositions(seq: number): Tensor2D {
  return expandDims(range(0, seq, 1, 'int32'), 0);
}
