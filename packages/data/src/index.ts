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
export { convertRow, detectFormat, type FormatName } from './formats/detect.ts';
export { parseTranscript } from './formats/transcript.ts';
export { LengthLimit, type LengthLimitOptions } from './length-limit.ts';
export { type DatasetSpec, type FileType, loadDataset } from './load-dataset.ts';
export { pack } from './pack.ts';
export { permutation } from './permutation.ts';
export { Sampler, type SamplerOptions, type SamplerState } from './sampler.ts';
export { countTargets, splitBlocks, type TokenSequence } from './token-sequence.ts';
export { type WordProblem, type WordProblemOptions, wordProblems } from './word-problems/index.ts';
