import { z } from 'zod';

/** What every reward of a recipe may say. */
const common = {
  weight: z.number().default(1),
  /** What its scores are logged as. Default: its name. */
  label: z.string().min(1).optional(),
  /** Lowest and highest score; scores beyond are moved there before they are weighed. */
  clip: z.tuple([z.number(), z.number()]).optional(),
  /** Column that names a domain: scores are standardised within their domain in each batch. */
  standardizeBy: z.string().optional(),
  /** Score of an answer that could not be scored. Default: a neutral one, and the answer is not learnt from. */
  fallback: z.number().optional(),
};
/** Column of the data that holds the reference answer. */
const answer = z.string().optional();
const column = z.string().optional();
const count = z.int().min(1);

const named = <N extends string, S extends z.ZodRawShape>(name: N, shape: S) =>
  z.strictObject({ name: z.literal(name), ...common, ...shape });

/** Limits of the code sandbox. */
const sandbox = {
  language: z.enum(['python', 'javascript']).optional(),
  /** Interpreters at the same time. */
  workers: count.optional(),
  /** Milliseconds that a program may take. */
  timeoutMs: count.optional(),
  memoryMiB: count.optional(),
};

/** An OpenAI-compatible endpoint. */
const endpoint = {
  /** Address before `/chat/completions`. */
  baseUrl: z.string().min(1),
  model: z.string().min(1),
  /** Environment variable that holds the key: a recipe is no place for it. */
  apiKeyEnv: z.string().optional(),
  /** Milliseconds for one attempt. */
  timeoutMs: count.optional(),
  /** Attempts after the first. */
  retries: z.int().min(0).optional(),
  /** Requests at the same time. */
  concurrency: count.optional(),
};

/** A reward, by name; what the options mean and their defaults stand in `@attune/rewards`. */
export const reward = z.discriminatedUnion('name', [
  named('gsm8k', {
    /** `strict` takes the number after `####`, `flexible` the last number. */
    mode: z.enum(['strict', 'flexible']).optional(),
    /** Score of a right answer. */
    correct: z.number().optional(),
    /** Score of a wrong answer in the right format. */
    format: z.number().optional(),
    answer,
  }),
  named('exact-match', { answer, ignoreCase: z.boolean().optional() }),
  named('number', { answer }),
  named('format', { pattern: z.string() }),
  named('think-format', {
    /** Whether the answer stands between tags of its own. */ answerTags: z.boolean().optional(),
  }),
  /** A reward model: the folder of a run whose algorithm trains a scalar head. */
  named('model', { path: z.string() }),
  named('math', {
    /** `boxed` wants the answer in `\boxed{}`. */
    place: z.enum(['boxed', 'anywhere']).optional(),
    correct: z.number().optional(),
    wrong: z.number().optional(),
    /** Score when there is no answer. */
    missing: z.number().optional(),
    answer,
  }),
  named('multiple-choice', { answer, choices: column }),
  named('regex', { column, pattern: z.string().optional(), flags: z.string().optional() }),
  named('json-schema', { column, /** Score of JSON that breaks the schema. */ json: z.number().optional() }),
  named('instructions', {
    mode: z.enum(['strict', 'loose']).optional(),
    /** Give the share of the instructions that are followed. */
    partial: z.boolean().optional(),
  }),
  named('language', { /** ISO 639-1 code. */ language: z.string().length(2).optional(), column }),
  named('cosine-length', {
    correctness: z.enum(['gsm8k', 'math', 'exact-match', 'number', 'multiple-choice']),
    maxLength: count,
    /** Scores of right answers: short ones, long ones. */
    correct: z.tuple([z.number(), z.number()]).optional(),
    wrong: z.tuple([z.number(), z.number()]).optional(),
    exceeded: z.number().optional(),
    answer,
  }),
  named('soft-overlong', { maxLength: count, buffer: z.int().min(0) }),
  named('repetition', {
    n: count.optional(),
    maxPenalty: z.number().max(0).optional(),
    unit: z.enum(['tokens', 'words']).optional(),
  }),
  named('unit-tests', { ...sandbox, prompt: column, test: column, entryPoint: column }),
  named('input-output', {
    ...sandbox,
    cases: column,
    /** Give the share of the cases that pass. */
    partial: z.boolean().optional(),
    /** Relative tolerance of numbers. */
    tolerance: z.number().min(0).optional(),
  }),
  named('judge', {
    ...endpoint,
    kind: z.enum(['pointwise', 'pairwise', 'checklist']).optional(),
    /** What makes an answer good, in words. */
    criteria: z.string().optional(),
    question: column,
    /** Column of a right answer to show to the judge. */
    reference: column,
    /** Column of the answer to compare with, of `pairwise`. */
    opponent: column,
    /** Column of the requirements, of `checklist`. */
    checklist: column,
    /** A second judge, which must agree. */
    second: z.strictObject(endpoint).optional(),
    tolerance: z.number().min(0).optional(),
  }),
]);
