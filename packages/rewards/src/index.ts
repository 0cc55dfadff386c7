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
export { extractTag, matchesFormat, type ThinkFormatOptions, thinkFormat } from './format.ts';
export { extractGsm8kAnswer, type Gsm8kOptions, gsm8k } from './gsm8k.ts';
export { checkers as instructionCheckers, type InstructionArguments } from './instructions/checkers.ts';
export { followsInstruction, type InstructionsOptions, instructions } from './instructions/instructions.ts';
export { extractJson, type JsonSchemaOptions, jsonSchema } from './json-schema.ts';
export * from './judge/index.ts';
export {
  type LanguageConsistencyOptions,
  languageConsistency,
  languageShare,
} from './language/consistency.ts';
export { detectLanguage } from './language/detect.ts';
export {
  type CosineLengthOptions,
  cosineLength,
  type LengthOptions,
  type SoftOverlongOptions,
  softOverlong,
  tokenCount,
} from './length.ts';
export { type ExactMatchOptions, exactMatch, type NumberMatchOptions, numberMatch } from './matches.ts';
export { equivalentAnswers } from './math/equivalent.ts';
export { type AnswerPlace, extractMathAnswer, lastBoxed } from './math/extract.ts';
export { type MathMatchOptions, mathMatch } from './math/math-match.ts';
export { extractChoice, type MultipleChoiceOptions, multipleChoice } from './multiple-choice.ts';
export { lastNumber, parseNumber, sameAnswer } from './numbers.ts';
export { type RegexMatchOptions, regexMatch } from './pattern.ts';
export { type RepetitionPenaltyOptions, repetitionPenalty } from './repetition.ts';
export type { CompletionInfo, Reward, RewardRow } from './reward.ts';
export { type RewardName, rewards } from './rewards.ts';
export { type ScoreOptions, type Scores, scoreAll } from './score.ts';
export { countWords, splitSentences } from './sentences.ts';
