import type { AnyAlgorithm } from '../definition.ts';
import { alphapo } from './alphapo.ts';
import { cpo } from './cpo.ts';
import { dpo } from './dpo.ts';
import { dpoKin } from './dpo-kin.ts';
import { mdpo } from './mdpo.ts';
import { orpo } from './orpo.ts';
import { rDpo } from './r-dpo.ts';
import { simpo } from './simpo.ts';
import { tdpo } from './tdpo.ts';

export { type AlphapoOptions, alphapo, alphapoLoss, alphapoOptions } from './alphapo.ts';
export { type CpoOptions, cpo, cpoLoss, cpoOptions } from './cpo.ts';
export { type DpoOptions, dpo, dpoLoss, dpoOptions } from './dpo.ts';
export { dpoKin } from './dpo-kin.ts';
export { type PairVariant, pairVariants } from './dpo-variants.ts';
export { type Divergence, divergenceScore } from './f-divergence.ts';
export { lengthDesensitisedMasks } from './length-desensitised.ts';
export { type MdpoOptions, mdpo, mdpoLoss, mdpoOptions } from './mdpo.ts';
export { type OrpoOptions, orpo, orpoLoss, orpoOptions } from './orpo.ts';
export { pairMean, pairMetrics } from './pair-metrics.ts';
export { type RDpoOptions, rDpo, rDpoLoss, rDpoOptions } from './r-dpo.ts';
export { type SimpoOptions, simpo, simpoLoss, simpoOptions } from './simpo.ts';
export { type TdpoOptions, tdpo, tdpoLoss, tdpoOptions } from './tdpo.ts';
export { wpoWeights } from './wpo-weights.ts';

/** The methods on pairs, by the name that recipes use. */
export const pairMethods: Record<string, AnyAlgorithm> = {
  dpo,
  ...dpoKin,
  'r-dpo': rDpo,
  tdpo,
  mdpo,
  cpo,
  simpo,
  alphapo,
  orpo,
};
