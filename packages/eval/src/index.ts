export { type AnsweredProblem, type EvaluateOptions, type EvaluationResult, evaluate } from './evaluate.ts';
export type {
  ChatMessage,
  GenerateRequest,
  LanguageModel,
  SamplingSettings,
  TaskPrompt,
} from './language-model.ts';
export { bootstrapInterval, type Estimate, estimate, wilsonInterval } from './metrics/intervals.ts';
export { majorityAtK, majorityScore, type Vote } from './metrics/majority.ts';
export { passAtK } from './metrics/pass-at-k.ts';
export { type PerplexityResult, perplexity } from './metrics/perplexity.ts';
export { meanReciprocalRank, ownRanks, recallAtK } from './metrics/retrieval.ts';
export {
  type ReportContent,
  type ReportRun,
  type ReportSample,
  type ReportScores,
  renderReport,
} from './report/report.ts';
export type { MetricsLine } from './report/series.ts';
export { readRun, writeReport } from './report/write-report.ts';
export type { Task, TaskRow } from './task.ts';
export { type Gsm8kTaskOptions, gsm8kTask, wordProblemsTask } from './tasks/gsm8k.ts';
