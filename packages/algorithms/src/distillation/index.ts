import type { AnyAlgorithm } from '../definition.ts';
import { distill } from './distill.ts';
import { gkd } from './gkd.ts';
import { minillm } from './minillm.ts';
import { teacherText } from './teacher-text.ts';

/** The distillation methods, by the name that recipes use. */
export const distillationMethods: Record<string, AnyAlgorithm> = {
  distill,
  gkd,
  minillm,
  'teacher-text': teacherText,
};

export { type DistillOptions, distill, distillLoss, distillOptions } from './distill.ts';
export { type DivergenceOptions, divergences, logitDivergence } from './divergence.ts';
export { type GkdOptions, gkd, gkdLoss, gkdOptions, onPolicyRounds } from './gkd.ts';
export { type MinillmOptions, minillm, minillmLoss, minillmOptions, rewardAhead } from './minillm.ts';
export { teacherText } from './teacher-text.ts';
