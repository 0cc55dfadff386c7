export { type CombinedScores, combine, type WeightedReward } from './combine.ts';
export { extractTag, matchesFormat, thinkFormat } from './format.ts';
export { extractGsm8kAnswer, type Gsm8kOptions, gsm8k } from './gsm8k.ts';
export { type ExactMatchOptions, exactMatch, type NumberMatchOptions, numberMatch } from './matches.ts';
export { lastNumber, parseNumber, sameAnswer } from './numbers.ts';
export { type Reward, type RewardRow, scoreAll } from './reward.ts';
export { type RewardName, rewards } from './rewards.ts';
