import type { AnyAlgorithm } from '../definition.ts';
import { clip } from './clip.ts';
import { infonce } from './infonce.ts';
import { itc } from './itc.ts';
import { itm } from './itm.ts';
import { siglip } from './siglip.ts';

/** The contrastive methods, by name. */
export const contrastiveMethods: Record<string, AnyAlgorithm> = { infonce, clip, siglip, itc, itm };

export { type ClipTrainingOptions, clip, clipLoss, clipTrainingOptions } from './clip.ts';
export { type InfonceOptions, infonce, infonceLoss, infonceOptions } from './infonce.ts';
export { type ItcOptions, itc, itcLoss, itcOptions } from './itc.ts';
export { hardNegatives, type ItmOptions, itm, itmLoss, itmOptions } from './itm.ts';
export { siglip, siglipLoss } from './siglip.ts';
export { cosineSimilarity, querySimilarity } from './similarity.ts';
