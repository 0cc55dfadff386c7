import { implicitPrm } from './implicit-prm.ts';
import { listwiseRewardModel } from './listwise.ts';
import { ordinalRewardModel } from './ordinal.ts';
import { outcomeRewardModel } from './outcome.ts';
import { processRewardModel } from './process.ts';
import { processAdvantage } from './process-advantage.ts';
import { rewardModel } from './reward-model.ts';

export {
  type ImplicitPrmOptions,
  implicitPrm,
  implicitPrmLoss,
  implicitPrmOptions,
  implicitTokenRewards,
} from './implicit-prm.ts';
export { listwiseRewardModel, listwiseRewardModelLoss } from './listwise.ts';
export {
  type OrdinalRewardModelOptions,
  ordinalRewardModel,
  ordinalRewardModelLoss,
  ordinalRewardModelOptions,
} from './ordinal.ts';
export {
  type OutcomeRewardModelOptions,
  outcomeRewardModel,
  outcomeRewardModelLoss,
  outcomeRewardModelOptions,
} from './outcome.ts';
export { processRewardModel, processRewardModelLoss } from './process.ts';
export {
  effectiveRewards,
  type ProcessAdvantageOptions,
  processAdvantage,
  processAdvantageLoss,
  processAdvantageOptions,
  processAdvantages,
} from './process-advantage.ts';
export {
  type RewardModelOptions,
  rewardModel,
  rewardModelLoss,
  rewardModelOptions,
} from './reward-model.ts';

/** Reward models, by the name that recipes use. */
export const rewardModels = {
  'reward-model': rewardModel,
  'ordinal-reward-model': ordinalRewardModel,
  'listwise-reward-model': listwiseRewardModel,
  'outcome-reward-model': outcomeRewardModel,
  'process-reward-model': processRewardModel,
  'process-advantage': processAdvantage,
  'implicit-prm': implicitPrm,
};
