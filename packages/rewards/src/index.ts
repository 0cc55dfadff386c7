export {
  type CombinedReward,
  type CombinedScores,
  combine,
  type WeightedReward,
} from './combine/combine.ts';
export { filterGroups, type GroupFilterOptions, type GroupFilterResult } from './combine/filter-groups.ts';
export { type ClipRange, clip, standardize } from './combine/scale.ts';
export { extractCode } from './extract-code.ts';
export { countFailures, describeFailures, type Failure, type FailureKind, RewardError } from './failure.ts';
export { extractTag, matchesFormat, thinkFormat } from './format.ts';
export { extractGsm8kAnswer, type Gsm8kOptions, gsm8k } from './gsm8k.ts';
export { type ExactMatchOptions, exactMatch, type NumberMatchOptions, numberMatch } from './matches.ts';
export { lastNumber, parseNumber, sameAnswer } from './numbers.ts';
export type { CompletionInfo, Reward, RewardRow } from './reward.ts';
export { type RewardName, rewards } from './rewards.ts';
export { type ScoreOptions, type Scores, scoreAll } from './score.ts';
