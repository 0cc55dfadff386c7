import { dpo } from './dpo.ts';

export { type DpoOptions, dpo, dpoLoss, dpoOptions } from './dpo.ts';
export { type PairVariant, pairVariants } from './dpo-variants.ts';
export { type Divergence, divergenceScore } from './f-divergence.ts';

/** The methods on pairs, by the name that recipes use. */
export const pairMethods = { dpo };
