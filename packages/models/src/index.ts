export { loadAdapter, type SaveAdapterOptions, saveAdapter } from './adapter-folder.ts';
export { createCache, type KvCache } from './cache.ts';
export { CausalLM, type LabelledPlaces, type PickedPlaces } from './causal-lm.ts';
export type { SaveOptions } from './checkpoint-folder.ts';
export {
  configToJson,
  type DecoderConfig,
  type DecoderFeatures,
  featuresOf,
  MODEL_TYPES,
  type ModelType,
  type NewDecoder,
  parseConfig,
  readConfig,
} from './config.ts';
export {
  type DecoderInputs,
  type DecoderOptions,
  decoderHidden,
  decoderLogits,
  decoderStep,
  outputWeight,
  type StepInputs,
  type StepOutput,
} from './decoder.ts';
export { POOLINGS, type Pooling, pool } from './embedding.ts';
export { type EmbeddingConfig, readEmbeddingConfig, saveEmbeddingConfig } from './embedding-folder.ts';
export { applyLora, type LoraOptions, type LoraState, mergeLora } from './lora.ts';
export { type ParameterShapes, type Params, parameterShapes } from './parameters.ts';
export { type RotaryTables, rotaryFrequencies, rotaryTables } from './rope.ts';
export type { LinearRopeScaling, Llama3RopeScaling, RopeScaling } from './rope-config.ts';
export { writeFileAtomic, writeJsonAtomic } from './safetensors/atomic-write.ts';
export type { DtypeArray, FloatDtype, SafetensorsDtype } from './safetensors/dtypes.ts';
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from './safetensors/half.ts';
export type { SafetensorsHeader, TensorEntry } from './safetensors/header.ts';
export { SafetensorsFile, withSafetensors } from './safetensors/reader.ts';
export { type ShardOptions, withCheckpoint, writeCheckpoint } from './safetensors/sharded.ts';
export { type TensorSource, writeSafetensors } from './safetensors/writer.ts';
export { addScalarHead, hasScalarHead, removeScalarHead, SCALAR_HEAD, scalarHead } from './scalar-head.ts';
