export { type Agreement, agreeingJudges, agreement } from './agreement.ts';
export { cachedJudge, type JudgeCache, MemoryCache } from './cache.ts';
export { type EndpointOptions, endpointJudge } from './endpoint.ts';
export {
  type ChecklistItem,
  type JudgeOptions,
  judgeChecklist,
  judgePairwise,
  judgePointwise,
  type PairVerdict,
} from './judge.ts';
export { functionJudge, type JudgeMessage, type JudgeModel, type JudgeStats } from './model.ts';
export type { JudgedAnswer } from './prompts.ts';
export { type ModelRewardOptions, modelReward, type RewardModel } from './reward-model.ts';
export { checklistJudge, type JudgeColumns, pairwiseJudge, pointwiseJudge } from './rewards.ts';
export { readChecklist, readScore, readWinner, type Winner } from './verdict.ts';
