import type { AnyAlgorithm } from '../definition.ts';
import { bnpo } from './bnpo.ts';
import { cispo } from './cispo.ts';
import { dapo } from './dapo.ts';
import { drGrpo } from './dr-grpo.ts';
import { gmpo } from './gmpo.ts';
import { grpo } from './grpo.ts';
import { gspo } from './gspo.ts';
import { ppo } from './ppo.ts';
import { reinforce } from './reinforce.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';
import { reinforcePlusPlusBaseline } from './reinforce-plus-plus-baseline.ts';
import { remax } from './remax.ts';
import { rloo } from './rloo.ts';
import { sapo } from './sapo.ts';
import { upo } from './upo.ts';

/** The policy gradient methods, by the name that recipes use. */
export const policyGradientMethods: Record<string, AnyAlgorithm> = Object.fromEntries(
  [
    ppo,
    upo,
    reinforce,
    reinforcePlusPlus,
    reinforcePlusPlusBaseline,
    rloo,
    remax,
    grpo,
    drGrpo,
    dapo,
    bnpo,
    cispo,
    gspo,
    gmpo,
    sapo,
  ].map((method) => [method.name, method as AnyAlgorithm]),
);

export { type Aggregation, aggregate, aggregationModes } from './aggregation.ts';
export { type BnpoOptions, bnpo, bnpoAdvantages, bnpoOptions } from './bnpo.ts';
export { type CispoOptions, cispo, cispoLoss, cispoOptions } from './cispo.ts';
export { clippedSurrogate, clipRatio } from './clipped-surrogate.ts';
export { type DapoOptions, dapo, dapoAdvantages, dapoOptions } from './dapo.ts';
export { drGrpo, drGrpoOptions } from './dr-grpo.ts';
export { type GmpoOptions, gmpo, gmpoLoss, gmpoOptions } from './gmpo.ts';
export { type GrpoOptions, grpo, grpoLoss, grpoOptions } from './grpo.ts';
export { type GspoOptions, gspo, gspoLoss, gspoOptions } from './gspo.ts';
export { type CorrectionOptions, importanceCorrection } from './importance-correction.ts';
export {
  type ClipOptions,
  clipOptions,
  groupOptions,
  groupRelative,
  type PolicyOptions,
  policyNeeds,
  policyOptions,
  rewardKlNeeds,
} from './options.ts';
export { policyLoss, type Surrogate } from './policy-loss.ts';
export { type PpoOptions, ppo, ppoAdvantages, ppoLoss, ppoOptions, valueLoss } from './ppo.ts';
export {
  type ReinforceOptions,
  reinforce,
  reinforceAdvantages,
  reinforceLoss,
  reinforceOptions,
} from './reinforce.ts';
export {
  type ReinforcePlusPlusOptions,
  reinforcePlusPlus,
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusOptions,
} from './reinforce-plus-plus.ts';
export {
  reinforcePlusPlusBaseline,
  reinforcePlusPlusBaselineAdvantages,
  reinforcePlusPlusBaselineOptions,
} from './reinforce-plus-plus-baseline.ts';
export { type RemaxOptions, remax, remaxAdvantages, remaxOptions } from './remax.ts';
export { type RlooOptions, rloo, rlooAdvantages, rlooLoss, rlooOptions } from './rloo.ts';
export { type SapoOptions, sapo, sapoLoss, sapoOptions } from './sapo.ts';
export { sequenceRatio } from './sequence-ratio.ts';
export {
  rejectionSampledPairs,
  type UpoOptions,
  upo,
  upoAdvantages,
  upoLoss,
  upoOptions,
} from './upo.ts';
