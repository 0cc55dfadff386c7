import { dno } from './dno.ts';
import { iterativeDpo } from './iterative-dpo.ts';
import { nashMd } from './nash-md.ts';
import { onlineDpo } from './online-dpo.ts';
import { selfRewarding } from './self-rewarding.ts';
import { sppo } from './sppo.ts';
import { xpo } from './xpo.ts';

export { type DnoOptions, dno, dnoExamples, dnoLoss, dnoOptions } from './dno.ts';
export { type IterativeDpoOptions, iterativeDpo, iterativeDpoOptions } from './iterative-dpo.ts';
export { type NashMdOptions, nashMd, nashMdAdvantages, nashMdLoss, nashMdOptions } from './nash-md.ts';
export { type OnlineDpoOptions, onlineDpo, onlineDpoOptions } from './online-dpo.ts';
export { type SelfRewardingOptions, selfRewarding, selfRewardingOptions } from './self-rewarding.ts';
export { type SppoOptions, sppo, sppoExamples, sppoLoss, sppoOptions } from './sppo.ts';
export { type XpoOptions, xpo, xpoLoss, xpoOptions } from './xpo.ts';

/** Game theory and self-play, by the name that recipes use. */
export const selfPlayMethods = {
  'online-dpo': onlineDpo,
  'iterative-dpo': iterativeDpo,
  'self-rewarding': selfRewarding,
  sppo,
  dno,
  xpo,
  'nash-md': nashMd,
};
