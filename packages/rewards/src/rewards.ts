import { matchesFormat, thinkFormat } from './format.ts';
import { type Gsm8kOptions, gsm8k } from './gsm8k.ts';
import { exactMatch, numberMatch } from './matches.ts';
import type { Reward } from './reward.ts';

/** The built-in rewards, by the name that recipes use, each made from its plain options. */
export const rewards = {
  gsm8k: (options: Gsm8kOptions = {}): Reward => gsm8k(options),
  'exact-match': (options: { answer?: string; ignoreCase?: boolean } = {}): Reward => exactMatch(options),
  number: (options: { answer?: string } = {}): Reward => numberMatch(options),
  format: ({ pattern }: { pattern: string }): Reward => matchesFormat(new RegExp(pattern, 's')),
  'think-format': (): Reward => thinkFormat(),
};

/** Name of a built-in reward. */
export type RewardName = keyof typeof rewards;
