export {
  type Callbacks,
  combineCallbacks,
  type EvaluationEvent,
  type RunResult,
  type RunStart,
  type Sample,
  type Speed,
  type StepEvent,
} from './callbacks.ts';
export { type Checkpoint, findCheckpoint, listCheckpoints, writeCheckpoint } from './checkpoint/folders.ts';
export type { EncodedExample, EncodedPrompt, TextCodec } from './data/codec.ts';
export type { OfflineKind } from './data/encode-examples.ts';
export { type BatchOptions, makeMicroBatches } from './data/micro-batches.ts';
export { characterTokenizer, obtainTokenizer, readTokenizer, specialTokens } from './data/tokenizer.ts';
export { UserError } from './errors.ts';
export { consoleProgress, describeStep, type ProgressStream } from './logs/console.ts';
export { JsonLines, readJsonLines } from './logs/json-lines.ts';
export { EventWriter } from './logs/tensorboard.ts';
export { clipFactor, lossAndGradients, squaredNorms } from './loop/gradients.ts';
export type { MicroBatch } from './loop/micro-batch.ts';
export { type StepInput, type StepResult, type StepSettings, TrainStep } from './loop/train-step.ts';
export { createState, type TrainState, type UpdateSettings } from './loop/update.ts';
export {
  adafactor,
  adam,
  adamW,
  createOptimizer,
  lion,
  muon,
  type Optimizer,
  type OptimizerName,
  optimizers,
  type Slots,
  sgd,
  type UpdateInput,
  type UpdateOutput,
} from './optimizers/index.ts';
export { decays } from './optimizers/weight-decay.ts';
export { hash } from './random.ts';
export { type LoadedRecipe, loadRecipe, parseRecipe } from './recipe/load.ts';
export { type Recipe, recipeSchema } from './recipe/schema.ts';
export type { CreateEnvironment, Environment, EnvironmentReply } from './rollout/environment.ts';
export { type TrainOptions, train } from './run.ts';
export { createSchedule, type ScheduleOptions, scheduleOptions } from './schedules/schedule.ts';
