import { d2o } from './d2o.ts';
import { lipo } from './lipo.ts';
import { pro } from './pro.ts';
import { rrhf } from './rrhf.ts';

export { type D2oOptions, d2o, d2oLoss, d2oOptions } from './d2o.ts';
export { type LipoOptions, lipo, lipoLoss, lipoOptions } from './lipo.ts';
export { type ProOptions, pro, proLoss, proOptions } from './pro.ts';
export { type RrhfOptions, rrhf, rrhfLoss, rrhfOptions } from './rrhf.ts';

/** The methods on lists of answers, by the name that recipes use. */
export const listMethods = { lipo, rrhf, pro, d2o };
