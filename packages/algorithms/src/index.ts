export * from './advantages/index.ts';
export type {
  BatchKind,
  BatchKinds,
  ContrastiveBatch,
  DistillationBatch,
  ListwiseBatch,
  PairwiseBatch,
  RolloutBatch,
  SequenceLogProbs,
  StepContext,
  StepwiseBatch,
  SupervisedBatch,
  Totals,
  UnpairedBatch,
} from './batches.ts';
export * from './contrastive/index.ts';
export { type CoupledStep, coupleStep } from './couple.ts';
export {
  type AlgorithmDefinition,
  type AnyAlgorithm,
  type Coupling,
  defineAlgorithm,
  type LossResult,
  type Needs,
  type Paper,
} from './definition.ts';
export * from './distillation/index.ts';
export * from './kl/index.ts';
export * from './lists/index.ts';
export { logRatio, MAX_LOG_RATIO } from './log-ratio.ts';
export { logSigmoid, smoothedLogLoss } from './log-sigmoid.ts';
export {
  exampleMean,
  sequenceMeans,
  sequenceSums,
  tokenMean,
} from './masked.ts';
export * from './pairs/index.ts';
export * from './policy-gradient/index.ts';
export { algorithms, type ResolveOptions, resolveAlgorithm } from './resolve.ts';
export * from './reward-models/index.ts';
export { type Advantages, type AnswerPair, perToken, type Rollout } from './rollout.ts';
export {
  type AnswerSource,
  bestAgainstWorst,
  type JudgedAnswers,
  type RoundExamples,
  type Rounds,
  winRates,
} from './rounds.ts';
export * from './self-play/index.ts';
export { scoreAtFirst, scoreAtLast } from './sequence-scores.ts';
export { lengths, positions, presence, required, sequenceLogRatios, tokenLogRatios } from './sequences.ts';
export { stopGradient, withoutGradient } from './stop-gradient.ts';
export * from './supervised/index.ts';
export * from './unpaired/index.ts';
