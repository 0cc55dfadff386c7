export {
  ChatTemplate,
  type ChatTemplateOptions,
  type RenderedChat,
  type RenderOptions,
} from './chat-template.ts';
export {
  type CollateOptions,
  collate,
  collatePacked,
  IGNORE_INDEX,
  lengthBuckets,
  type TokenBatch,
} from './collate.ts';
export { Dataset, type Row, type SplitOptions } from './dataset.ts';
export type {
  CompletionExample,
  ConversationExample,
  Example,
  Message,
  PreferenceExample,
  Prompt,
  PromptExample,
  TextExample,
} from './example.ts';
export { ExampleEncoder, type ExampleEncoderOptions, type TokenEncoder } from './example-encoder.ts';
export { convertRow, detectFormat, type FormatName } from './formats.ts';
export { LengthLimit, type LengthLimitOptions } from './length-limit.ts';
export { type DatasetSpec, type FileType, loadDataset } from './load-dataset.ts';
export { pack } from './pack.ts';
export { permutation } from './permutation.ts';
export { Sampler, type SamplerOptions, type SamplerState } from './sampler.ts';
export { countTargets, splitBlocks, type TokenSequence } from './token-sequence.ts';
export { parseTranscript } from './transcript.ts';
export { type WordProblem, type WordProblemOptions, wordProblems } from './word-problems/index.ts';
