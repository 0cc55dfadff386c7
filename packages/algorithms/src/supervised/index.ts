import { dft } from './dft.ts';
import { sft } from './sft.ts';

export { dft, dftLoss } from './dft.ts';
export { type SftOptions, sft, sftLoss, sftOptions } from './sft.ts';

/** The supervised methods, by the name that recipes use. */
export const supervisedMethods = { sft, dft };
