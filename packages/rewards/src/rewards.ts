import { matchesFormat, type ThinkFormatOptions, thinkFormat } from './format.ts';
import { type Gsm8kOptions, gsm8k } from './gsm8k.ts';
import { type InstructionsOptions, instructions } from './instructions/instructions.ts';
import { jsonSchema } from './json-schema.ts';
import { type JudgeRecipe, judgeOf } from './judge/recipe.ts';
import { type LanguageConsistencyOptions, languageConsistency } from './language/consistency.ts';
import { type CosineLengthOptions, cosineLength, softOverlong } from './length.ts';
import { exactMatch, numberMatch } from './matches.ts';
import { type MathMatchOptions, mathMatch } from './math/math-match.ts';
import { type MultipleChoiceOptions, multipleChoice } from './multiple-choice.ts';
import { regexMatch } from './pattern.ts';
import { type RepetitionPenaltyOptions, repetitionPenalty } from './repetition.ts';
import type { Reward } from './reward.ts';
import type { InputOutputOptions, UnitTestOptions } from './sandbox/rewards.ts';

/** Rewards that say whether an answer is right, for those that build on that. */
const correctness = {
  gsm8k: (options: Gsm8kOptions = {}): Reward => gsm8k(options),
  math: (options: Omit<MathMatchOptions, 'extract'> = {}): Reward => mathMatch(options),
  'exact-match': (options: { answer?: string; ignoreCase?: boolean } = {}): Reward => exactMatch(options),
  number: (options: { answer?: string } = {}): Reward => numberMatch(options),
  'multiple-choice': (options: MultipleChoiceOptions = {}): Reward => multipleChoice(options),
};

/** Options of `cosine-length` that a recipe can say. */
type CosineLengthRecipe = Omit<CosineLengthOptions, 'correctness' | 'length'> & {
  /** The reward that says whether an answer is right. */
  correctness: keyof typeof correctness;
  /** Its column of the reference. */
  answer?: string;
};

/** The built-in rewards, by the name that recipes use, each made from its plain options. */
export const rewards = {
  ...correctness,
  format: ({ pattern }: { pattern: string }): Reward => matchesFormat(new RegExp(pattern, 's')),
  'think-format': (options: ThinkFormatOptions = {}): Reward => thinkFormat(options),
  regex: (options: { column?: string; pattern?: string; flags?: string }): Reward => regexMatch(options),
  'json-schema': (options: { column?: string; json?: number } = {}): Reward => jsonSchema(options),
  instructions: (options: InstructionsOptions = {}): Reward => instructions(options),
  language: (options: LanguageConsistencyOptions = {}): Reward => languageConsistency(options),
  'cosine-length': ({ correctness: name, answer, ...options }: CosineLengthRecipe): Reward =>
    cosineLength({ ...options, correctness: correctness[name]({ answer }) }),
  'soft-overlong': (options: { maxLength: number; buffer: number }): Reward => softOverlong(options),
  repetition: (options: RepetitionPenaltyOptions = {}): Reward => repetitionPenalty(options),
  'unit-tests': (options: Omit<UnitTestOptions, 'sandbox' | 'extract'> = {}): Reward =>
    late(async () => (await import('./sandbox/rewards.ts')).unitTests(options)),
  'input-output': (options: Omit<InputOutputOptions, 'sandbox' | 'extract'> = {}): Reward =>
    late(async () => (await import('./sandbox/rewards.ts')).inputOutput(options)),
  judge: (options: JudgeRecipe): Reward => judgeOf(options),
};

/** Name of a built-in reward. */
export type RewardName = keyof typeof rewards;

/** A reward that is made when it is first needed: the sandbox is nothing that a browser could load. */
function late(make: () => Promise<Reward>): Reward {
  let made: Promise<Reward> | undefined;
  return async (...args) => {
    made ??= make();
    return (await made)(...args);
  };
}
