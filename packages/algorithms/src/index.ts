export {
  type AlgorithmDefinition,
  type AnyAlgorithm,
  type BatchKind,
  type BatchKinds,
  defineAlgorithm,
  type LossResult,
  type Needs,
  type PairwiseBatch,
  type Paper,
  type RolloutBatch,
  type RolloutRewards,
  type SequenceLogProbs,
  type SupervisedBatch,
  type Totals,
  type UnpairedBatch,
} from './definition.ts';
export { type DpoOptions, dpo, dpoLoss, dpoOptions } from './dpo.ts';
export { groupAdvantages, type RewardScale } from './group-advantages.ts';
export { type GrpoOptions, grpo, grpoLoss, grpoOptions } from './grpo.ts';
export { type KlEstimator, klEstimate } from './kl.ts';
export { logRatio, MAX_LOG_RATIO } from './log-ratio.ts';
export {
  type Aggregation,
  aggregate,
  exampleMean,
  sequenceMeans,
  sequenceSums,
  tokenMean,
} from './masked.ts';
export { algorithms, type ResolveOptions, resolveAlgorithm } from './resolve.ts';
export { sft, sftLoss } from './sft.ts';
