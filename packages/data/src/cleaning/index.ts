export { type Contamination, type DecontaminationOptions, Decontaminator } from './decontaminate.ts';
export {
  type DeduplicationResult,
  deduplicate,
  deduplicateNear,
  type NearDuplicateOptions,
  type TextOf,
} from './deduplicate.ts';
export { type QualityLimits, qualityProblems } from './quality.ts';
