import { dft } from './dft.ts';
import { paft } from './paft.ts';
import { sft } from './sft.ts';

export { dft, dftLoss } from './dft.ts';
export {
  concatenateLora,
  type LoraPair,
  type MergeMethod,
  type MergeOptions,
  mergeDeltas,
} from './merge-adapters.ts';
export { type PaftOptions, paft, paftLoss, paftOptions } from './paft.ts';
export { type SftOptions, sft, sftLoss, sftOptions } from './sft.ts';

/** The supervised methods, by the name that recipes use. */
export const supervisedMethods = { sft, dft, paft };
