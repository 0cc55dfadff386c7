import { apoZeroUnpaired } from './apo-zero-unpaired.ts';
import { bco } from './bco.ts';
import { cringe } from './cringe.ts';
import { dro } from './dro.ts';
import { kto } from './kto.ts';
import { npo } from './npo.ts';

export {
  type ApoZeroUnpairedOptions,
  apoZeroUnpaired,
  apoZeroUnpairedLoss,
  apoZeroUnpairedOptions,
} from './apo-zero-unpaired.ts';
export { type BcoOptions, bco, bcoLoss, bcoOptions } from './bco.ts';
export { type CringeOptions, cringe, cringeLoss, cringeOptions } from './cringe.ts';
export { type DensityRatioOptions, densityRatioWeights } from './density-ratio.ts';
export { type DroOptions, dro, droLoss, droOptions } from './dro.ts';
export { type KtoOptions, kto, ktoLoss, ktoOptions } from './kto.ts';
export { type NpoOptions, npo, npoLoss, npoOptions } from './npo.ts';

/** The methods on single judged answers, by the name that recipes use. */
export const unpairedMethods = { kto, 'apo-zero-unpaired': apoZeroUnpaired, bco, dro, npo, cringe };
