import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigReader, configReader } from './config-reader.ts';
import { parseRope, type RopeScaling } from './rope-config.ts';

/** What tells the families apart; everything else of the decoder they share. */
interface Family {
  /** `architectures` of config.json. */
  architecture: string;
  /** RMSNorm over each head of the queries and keys. */
  qkNorm: boolean;
  /** Biases of the query, key and value projections: always, or as `attention_bias` says. */
  qkvBias: 'always' | 'attention_bias';
  /** Whether `attention_bias` covers the output projection as well. */
  outputBias: boolean;
}

const FAMILIES = {
  llama: { architecture: 'LlamaForCausalLM', qkNorm: false, qkvBias: 'attention_bias', outputBias: true },
  qwen2: { architecture: 'Qwen2ForCausalLM', qkNorm: false, qkvBias: 'always', outputBias: false },
  qwen3: { architecture: 'Qwen3ForCausalLM', qkNorm: true, qkvBias: 'attention_bias', outputBias: true },
} as const satisfies Record<string, Family>;

/** The `model_type`s that load. */
export type ModelType = keyof typeof FAMILIES;

/** Supported values of `model_type`. */
export const MODEL_TYPES = Object.keys(FAMILIES) as ModelType[];

/** A decoder's configuration under the keys of Hugging Face's config.json, defaults filled in. */
export interface DecoderConfig {
  model_type: ModelType;
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** Heads of the keys and values; default `num_attention_heads`. */
  num_key_value_heads: number;
  /** Width of one head; default `hidden_size / num_attention_heads`. */
  head_dim: number;
  /** Longest sequence the model was made for; default 2048. Not enforced. */
  max_position_embeddings: number;
  /** Default 1e-6. */
  rms_norm_eps: number;
  /** Base of the rotary frequencies; default 10000. */
  rope_theta: number;
  /** Changed frequencies for longer contexts; default none. */
  rope_scaling: RopeScaling | null;
  /** The output matrix is the embedding; default false. */
  tie_word_embeddings: boolean;
  /** Biases in the attention projections; default false. Qwen2 has them on q, k and v in any case. */
  attention_bias: boolean;
  /** Biases in the MLP; default false. Llama only. */
  mlp_bias: boolean;
  /** Standard deviation of fresh weights; default 0.02. */
  initializer_range: number;
  /** Every other key of config.json (token ids, ...), kept for saving. */
  extra: Record<string, unknown>;
}

/** What a new model must be told; the other keys have the defaults that `DecoderConfig` states. */
export type NewDecoder = Partial<DecoderConfig> &
  Pick<
    DecoderConfig,
    | 'model_type'
    | 'vocab_size'
    | 'hidden_size'
    | 'intermediate_size'
    | 'num_hidden_layers'
    | 'num_attention_heads'
  >;

/** The family-dependent parts of a decoder. */
export interface DecoderFeatures {
  qkNorm: boolean;
  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
}

/** Which optional parts this configuration switches on. */
export function featuresOf(config: DecoderConfig): DecoderFeatures {
  const family: Family = FAMILIES[config.model_type];
  return {
    qkNorm: family.qkNorm,
    qkvBias: family.qkvBias === 'always' || config.attention_bias,
    outputBias: family.outputBias && config.attention_bias,
    mlpBias: config.mlp_bias,
  };
}

/** Reads and checks `dir/config.json`; see `parseConfig`. */
export function readConfig(dir: string): DecoderConfig {
  const path = join(dir, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path}: cannot read (${(error as Error).message})`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: is not JSON (${(error as Error).message})`);
  }
  return parseConfig(json, path);
}

/**
 * Checks the content of a config.json and fills in defaults. Reads the layouts of transformers 4
 * (`rope_theta`, `rope_scaling`) and 5 (`rope_parameters`).
 *
 * @param source how errors call the origin, e.g. the file's path
 * @throws one line naming the source, the key, the value found and the value wanted
 */
export function parseConfig(json: unknown, source = 'config'): DecoderConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${source}: must be a JSON object`);
  const read = configReader(json as Record<string, unknown>, source);
  const model_type = read.oneOf('model_type', MODEL_TYPES);
  const hidden_size = read.count('hidden_size');
  const num_attention_heads = read.count('num_attention_heads');
  const config: Omit<DecoderConfig, 'extra'> = {
    model_type,
    vocab_size: read.count('vocab_size'),
    hidden_size,
    intermediate_size: read.count('intermediate_size'),
    num_hidden_layers: read.count('num_hidden_layers'),
    num_attention_heads,
    num_key_value_heads: read.count('num_key_value_heads', num_attention_heads),
    head_dim: read.count('head_dim', hidden_size / num_attention_heads),
    max_position_embeddings: read.count('max_position_embeddings', 2048),
    rms_norm_eps: read.positive('rms_norm_eps', 1e-6),
    ...parseRope(read),
    tie_word_embeddings: read.flag('tie_word_embeddings', false),
    attention_bias: read.flag('attention_bias', false),
    mlp_bias: read.flag('mlp_bias', false),
    initializer_range: read.positive('initializer_range', 0.02),
  };
  checkHeads(config, read);
  refuseUnsupported(read);
  return { ...config, extra: extraKeys(json as Record<string, unknown>, config) };
}

/**
 * The content of config.json for this configuration, in the layout that transformers 4 and 5 both read.
 * With a scalar head the model is a sequence classifier of one label.
 */
export function configToJson(
  config: DecoderConfig,
  dtype: string,
  { scalarHead = false } = {},
): Record<string, unknown> {
  const { extra, ...known } = config;
  const { architecture } = FAMILIES[config.model_type];
  const { id2label: _, label2id: __, ...rest } = extra;
  return {
    architectures: [
      scalarHead ? architecture.replace('ForCausalLM', 'ForSequenceClassification') : architecture,
    ],
    ...(scalarHead ? { ...rest, id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } } : extra),
    ...known,
    torch_dtype: dtype,
  };
}

function checkHeads(config: Omit<DecoderConfig, 'extra'>, read: ConfigReader): void {
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim } = config;
  if (heads % kvHeads !== 0)
    throw read.wrong('num_key_value_heads', `a divisor of num_attention_heads (${heads})`);
  if (head_dim % 2 !== 0) throw read.wrong('head_dim', 'an even number', head_dim);
  if (config.model_type !== 'llama' && config.mlp_bias)
    throw read.wrong('mlp_bias', `false for ${config.model_type}`);
}

/** Switches whose mathematics this decoder lacks; ignoring them would compute something else in silence. */
function refuseUnsupported(read: ConfigReader): void {
  read.oneOf('hidden_act', ['silu'], 'silu');
  if (read.flag('use_sliding_window', false)) throw read.wrong('use_sliding_window', 'false');
  const layerTypes = read.optional('layer_types');
  if (
    layerTypes !== undefined &&
    !(Array.isArray(layerTypes) && layerTypes.every((t) => t === 'full_attention'))
  )
    throw read.wrong('layer_types', 'only "full_attention"');
  if (read.optional('quantization_config') !== undefined)
    throw read.wrong('quantization_config', 'none: only unquantized weights load');
}

/** Keys that the typed configuration says itself, or that saving writes anew. */
const REPLACED = ['rope_parameters', 'torch_dtype', 'dtype', 'architectures', 'extra'];

function extraKeys(json: Record<string, unknown>, known: object): Record<string, unknown> {
  const others = Object.entries(json).filter(([key]) => !(key in known) && !REPLACED.includes(key));
  return { ...(json.extra as object | undefined), ...Object.fromEntries(others) };
}
