import '../gradients/index.ts';

export {
  type AdamConstants,
  type AdamScalars,
  type AdamWOptions,
  adamUpdate,
  adamUpdateComposition,
  adamW,
} from './adam-w.ts';
export { type AttentionOptions, attention } from './attention.ts';
export { type CachedAttentionOptions, cachedAttention } from './cached-attention.ts';
export { checkpoint } from './checkpoint.ts';
export { type CrossEntropyOptions, crossEntropy, tokenLogProbs } from './cross-entropy.ts';
export { embedding } from './embedding.ts';
export { geglu, gelu, swiglu } from './gated.ts';
export { layerNorm } from './layer-norm.ts';
export { linear } from './linear.ts';
export { type LinearCrossEntropyOptions, linearCrossEntropy } from './linear-cross-entropy.ts';
export { pickRows } from './pick-rows.ts';
export { dropout, randomUniform } from './random.ts';
export { rmsNorm } from './rms-norm.ts';
export { rotary } from './rotary.ts';
export { readsSpans, spanMask } from './spans.ts';
