export { FillInTheMiddle, type FillInTheMiddleOptions } from './fill-in-the-middle.ts';
export { type LongContextOptions, type MixtureStage, stagedMixture, upsampleLong } from './mixture.ts';
export { pack } from './pack.ts';
export { type PackOptions, packSequences } from './pack-sequences.ts';
export { type TokenBudgetOptions, TokenBudgetSampler } from './token-budget-sampler.ts';
