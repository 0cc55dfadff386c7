export { betaNormalisedAdvantages, type RewardRange } from './beta-normalised.ts';
export { explainedVariance } from './explained-variance.ts';
export { type GeneralizedAdvantages, generalizedAdvantages } from './gae.ts';
export { groupAdvantages, isFlat, type RewardScale } from './group.ts';
export { leaveOneOutAdvantages } from './leave-one-out.ts';
export { softOverlongPunishment } from './overlong.ts';
export { discountedReturns } from './returns.ts';
export { type KlState, type ShapedRewards, shapeRewards } from './shaped-rewards.ts';
export { whiten } from './whiten.ts';
