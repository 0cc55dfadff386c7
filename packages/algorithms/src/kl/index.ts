export { nextKlCoefficient, type RewardKlOptions, rewardKlOptions } from './controllers.ts';
export { type KlEstimator, klEstimate, klEstimateHost, klEstimators } from './estimators.ts';
