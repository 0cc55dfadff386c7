export { type Audio, durationOf, toMono } from './audio/audio.ts';
export {
  addNoise,
  changeSpeed,
  changeVolume,
  convolve,
  type NoiseOptions,
  type ReverberationOptions,
  reverberate,
  roomImpulse,
} from './audio/augment.ts';
export { type CmvnOptions, type CmvnState, GlobalCmvn, utteranceCmvn } from './audio/cmvn.ts';
export {
  type AudioFormat,
  decodeAudio,
  detectAudioFormat,
  type ReadAudioOptions,
  readAudio,
} from './audio/decode-audio.ts';
export {
  ExampleLoader,
  type ExampleLoaderOptions,
  type ExamplePlan,
  type LoadedExample,
} from './audio/example-loader.ts';
export type { Features } from './audio/features.ts';
export { RealFft } from './audio/fft.ts';
export { type KaldiFbankOptions, kaldiFbank } from './audio/kaldi-features.ts';
export { resample } from './audio/resample.ts';
export { type SegmentSpeechOptions, type SpeechSegment, segmentSpeech } from './audio/segment-speech.ts';
export { type SpecAugmentOptions, specAugment } from './audio/spec-augment.ts';
export { decodeWav, encodeWav } from './audio/wav.ts';
export { type WhisperFeaturesOptions, whisperFeatures } from './audio/whisper-features.ts';
export * from './cleaning/index.ts';
export {
  type CollateOptions,
  collate,
  collatePacked,
  IGNORE_INDEX,
  lengthBuckets,
  type TokenBatch,
} from './collate.ts';
export {
  ConcatenationPlan,
  type MergedExample,
  type PlanSeed,
  type PlanSummary,
  planConcatenation,
} from './concat/concatenation-plan.ts';
export type { ClipColumns } from './concat/group-clips.ts';
export type { ConcatenationOptions } from './concat/options.ts';
export { parseTimedText, type TimedSegment, type TimedTextOptions, timedText } from './concat/timed-text.ts';
export * from './dataset/index.ts';
export { Dataset, type Row, type SplitOptions } from './dataset.ts';
export type {
  CompletionExample,
  ContrastiveExample,
  ConversationExample,
  Example,
  ListwiseExample,
  Message,
  PreferenceExample,
  Prompt,
  PromptExample,
  StepwiseExample,
  TextExample,
  ToolCall,
  ToolDefinition,
  UnpairedExample,
} from './example.ts';
export {
  ExampleEncoder,
  type ExampleEncoderOptions,
  type StepwiseSequence,
  type TokenEncoder,
} from './example-encoder.ts';
export type { FileType } from './files/file-types.ts';
export type { ReadOptions } from './files/reader.ts';
export { convertRow, detectFormat, type FormatName } from './formats/detect.ts';
export { parseTranscript } from './formats/transcript.ts';
export { cutTiles, type Image, type ReadImageOptions, readImage } from './image/read-image.ts';
export { countPatches, type PatchCount, type SmartResizeOptions, smartResize } from './image/smart-resize.ts';
export {
  anyresTiles,
  type Box,
  bestResolution,
  type InternTilesOptions,
  internTiles,
  internTokens,
  LLAVA_GRIDS,
  type Size,
  type TilePlan,
} from './image/tiling.ts';
export { LengthLimit, type LengthLimitOptions } from './length-limit.ts';
export * from './loader/index.ts';
export type { ManifestColumn, ManifestHeader } from './manifest/layout.ts';
export { Manifest, type ManifestRow } from './manifest/manifest.ts';
export { ManifestWriter, type ManifestWriterOptions } from './manifest/manifest-writer.ts';
export { type SyntheticClips, syntheticClips } from './manifest/synthetic.ts';
export type { Utterance } from './manifest/utterance.ts';
export * from './packing/index.ts';
export { permutation } from './permutation.ts';
export { Sampler, type SamplerOptions, type SamplerState } from './sampler.ts';
export {
  type BatchCost,
  bucketEdges,
  costOf,
  countDurations,
  type DurationCounts,
} from './samplers/bucket-bins.ts';
export {
  DurationBucketSampler,
  type DurationBucketSamplerOptions,
} from './samplers/duration-bucket-sampler.ts';
export { EpochSampler, type EpochSamplerOptions, type EpochSamplerState } from './samplers/epoch-sampler.ts';
export {
  DistributedSampler,
  type DistributedSamplerOptions,
  type ExampleSamplerOptions,
  RandomSampler,
  SequentialSampler,
  WeightedSampler,
  type WeightedSamplerOptions,
} from './samplers/example-samplers.ts';
export { LengthGroupedSampler, type LengthGroupedSamplerOptions } from './samplers/length-grouped-sampler.ts';
export { type Rank, resolveRank } from './samplers/rank.ts';
export type { PlannedExample } from './samplers/sharded/block.ts';
export { ShardedSampler, type ShardedSamplerOptions } from './samplers/sharded/sharded-sampler.ts';
export * from './text/index.ts';
export { countTargets, splitBlocks, type TokenSequence } from './token-sequence.ts';
export { type WordProblem, type WordProblemOptions, wordProblems } from './word-problems/index.ts';
