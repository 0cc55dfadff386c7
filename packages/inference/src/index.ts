export { samplingDistribution } from './distribution.ts';
export { type EmbedOptions, embedSequences } from './embed.ts';
export {
  Engine,
  EngineClosedError,
  type EngineOptions,
  type EngineRequest,
  QueueFullError,
} from './engine.ts';
export { type GenerateOptions, generate, stream } from './generate.ts';
export { generateUncached } from './generate-uncached.ts';
export type { FinishReason, Generation, SequenceOptions, TokenEvent } from './generation-options.ts';
export { generatedText, loadPretrained, type Pretrained } from './pretrained.ts';
export { type PromptEncoder, promptEncoder } from './prompt-encoder.ts';
export { uniformAt } from './random.ts';
export { Sampler, type TokenLogProb } from './sampler.ts';
export {
  type ResolvedSampling,
  resolveSampling,
  SAMPLING_DEFAULTS,
  type SamplingOptions,
} from './sampling-options.ts';
export { type ScoredSequence, type ScoreOptions, scoreSequences } from './score.ts';
export { StopStrings } from './stop-strings.ts';
export { StreamDecoder, type TextDecoder } from './stream-decoder.ts';
