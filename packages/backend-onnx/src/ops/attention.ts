import {
  add,
  cast,
  greaterEqual,
  logicalAnd,
  matMul,
  mul,
  range,
  reshape,
  softmax,
  sub,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { fitsNative, nativeAttention, nativeAttentionGradient } from './attention-native.ts';
import {
  type AttentionAttributes,
  type AttentionInputs,
  attentionBackward,
  attentionForward,
} from './attention-tiles.ts';
import { hasKernel, runKernel } from './fused.ts';
import { readsSpans, spanMask } from './spans.ts';

/** What limits or shifts an attention. */
export interface AttentionOptions {
  /**
   * Query i sees the keys up to its own position. With fewer queries than keys the queries are the last ones.
   * Default false.
   */
  causal?: boolean;
  /** bool, broadcastable to `[batch, heads, seqQ, seqK]`; true = may attend. */
  mask?: Tensor;
  /** float32, broadcastable to `[batch, heads, seqQ, seqK]`, added to the scores. */
  bias?: Tensor;
  /**
   * In the place of `causal` and `mask`, for packed rows: which keys each query sees, see `spanMask`. int32
   * `[batch, seq, 3]`, with as many queries as keys. What no query of a block sees is never computed.
   */
  spans?: Tensor3D;
  /** Factor of the scores, default 1 / √headDim. */
  scale?: number;
}

/**
 * Scaled dot-product attention, softmax(scale · q kᵀ + bias) v (Vaswani et al. 2017, "Attention Is All You Need",
 * equation 1), with grouped queries (Ainslie et al. 2023): consecutive heads share a key and value head.
 * A query that may attend to nothing gets zeros.
 *
 * On the onnx backend its memory grows linearly with the length of the sequence.
 *
 * @param q `[batch, heads, seqQ, headDim]`
 * @param k `[batch, kvHeads, seqK, headDim]`, heads a multiple of kvHeads
 * @param v like k
 * @returns `[batch, heads, seqQ, headDim]`
 */
export function attention(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: AttentionOptions = {}): Tensor4D {
  const [heads, kvHeads] = [q.shape[1], k.shape[1]];
  if (heads % kvHeads !== 0) {
    throw new Error(
      `attention: heads must be a multiple of kvHeads, found q [${q.shape}] (${heads} heads) and k [${k.shape}] (${kvHeads})`,
    );
  }
  if (options.spans) return spanAttention(q, k, v, options.spans, options);
  if (!hasKernel('Attention')) return attentionComposition(q, k, v, options);
  const { causal = false, mask, bias, scale = 1 / Math.sqrt(q.shape[3]) } = options;
  const inputs = [q, k, v, ...(mask ? [withRank4(mask)] : []), ...(bias ? [withRank4(bias)] : [])];
  return runKernel<Tensor4D>('Attention', inputs, { causal, scale, masked: mask !== undefined });
}

/** By our own operator, or with the mask that the spans stand for. */
function spanAttention(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  spans: Tensor3D,
  { causal, mask, bias, scale = 1 / Math.sqrt(q.shape[3]) }: AttentionOptions,
): Tensor4D {
  if (causal || mask) throw new Error('attention: spans say what is seen; leave causal and mask out');
  const [batch, , seq, headDim] = q.shape;
  if (k.shape[2] !== seq || spans.shape.join() !== `${batch},${seq},3`)
    throw new Error(
      `attention: spans must be [${batch}, ${seq}, 3] for q [${q.shape}] and k [${k.shape}], found [${spans.shape}]`,
    );
  if (bias || !readsSpans(headDim)) return attention(q, k, v, { mask: spanMask(spans), bias, scale });
  return runKernel<Tensor4D>('SpanAttention', [q, k, v, cast(spans, 'float32')], { causal: false, scale });
}

/** The same in plain operations. */
export function attentionComposition(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  options: AttentionOptions = {},
): Tensor4D {
  const [batch, heads, seqQ, headDim] = q.shape;
  const [, kvHeads, seqK] = k.shape;
  const { causal = false, mask, bias, scale = 1 / Math.sqrt(headDim) } = options;

  // The queries of a group stand below each other: one product serves all that share a key.
  const rows = (heads / kvHeads) * seqQ;
  const grouped = reshape(mul(q, scale), [batch, kvHeads, rows, headDim]);
  const scores = reshape(matMul(grouped, k, false, true), [batch, heads, seqQ, seqK]);
  const shifted = bias ? add(scores, bias) : scores;

  const limit = causal ? causalMask(seqQ, seqK) : undefined;
  const allowed = mask && limit ? logicalAnd(mask, limit) : (mask ?? limit);
  const probabilities = allowed ? maskedSoftmax(shifted, allowed) : softmax(shifted);
  const out = matMul(reshape(probabilities, [batch, kvHeads, rows, seqK]), v);
  return reshape(out, [batch, heads, seqQ, headDim]) as Tensor4D;
}

/** bool `[seqQ, seqK]`: key j is not after query i, when the last query stands at the last key. */
function causalMask(seqQ: number, seqK: number): Tensor {
  const keys = range(0, seqK, 1, 'int32');
  const queries = reshape(range(seqK - seqQ, seqK, 1, 'int32'), [seqQ, 1]);
  return greaterEqual(queries, keys);
}

/** Far below every score, yet finite, so that a row without any key left stays a number. */
const MASKED = -1e30;

/** Softmax over the allowed keys: exactly 0 elsewhere, also where nothing is allowed. */
function maskedSoftmax(scores: Tensor, allowed: Tensor): Tensor {
  const weight = cast(allowed, 'float32');
  const penalty = mul(sub(1, weight), MASKED);
  return mul(softmax(add(scores, penalty)), weight);
}

const withRank4 = (x: Tensor) => reshape(x, [...Array(4 - x.rank).fill(1), ...x.shape]);

register<AttentionAttributes>('Attention', {
  saveAll: true,
  saveOutput: true,
  gradient: (dy, saved, attrs) => {
    const gradients = runKernel<Tensor[]>('AttentionGrad', [...saved, dy], attrs);
    // A mask, the fourth input if there is one, has no gradient.
    if (attrs.masked) gradients.splice(3, 0, dy);
    return gradients.map((gradient) => () => gradient);
  },
});

register<AttentionAttributes>('SpanAttention', {
  saveAll: true,
  saveOutput: true,
  gradient: (dy, saved, attrs) => {
    const gradients = runKernel<Tensor[]>('SpanAttentionGrad', [...saved, dy], attrs);
    // Spans have none.
    return [...gradients, dy].map((gradient) => () => gradient);
  },
});

defineKernel('SpanAttention', ({ g, inputs, attrs }: LoweringContext<AttentionAttributes>) => {
  const [q, k, v, spans] = Object.values(inputs) as [Value, Value, Value, Value];
  return nativeAttention(g, { q, k, v, spans }, attrs);
});

defineKernel('SpanAttentionGrad', ({ g, inputs, attrs }: LoweringContext<AttentionAttributes>) => {
  const [q, k, v, spans, out, dy] = Object.values(inputs) as [Value, Value, Value, Value, Value, Value];
  return nativeAttentionGradient(g, { q, k, v, spans }, attrs, out, dy);
});

defineKernel('Attention', ({ g, inputs, attrs }: LoweringContext<AttentionAttributes>) => {
  const parts = attentionInputs(inputs, attrs);
  return (fitsNative(g, parts) ? nativeAttention : attentionForward)(g, parts, attrs);
});

defineKernel('AttentionGrad', ({ g, inputs, attrs }: LoweringContext<AttentionAttributes>) => {
  const values = Object.values(inputs);
  const [out, dy] = values.slice(-2) as [Value, Value];
  const parts = attentionInputs(inputs, attrs, values.length - 2);
  return (fitsNative(g, parts) ? nativeAttentionGradient : attentionBackward)(g, parts, attrs, out, dy);
});

/** The inputs by name. They are recorded as a list, because the mask and the bias may be missing. */
function attentionInputs(
  inputs: Record<string, Value>,
  { masked }: AttentionAttributes,
  count = Object.keys(inputs).length,
): AttentionInputs {
  const [q, k, v, ...rest] = Object.values(inputs).slice(0, count) as [Value, Value, Value, ...Value[]];
  const mask = masked ? rest.shift() : undefined;
  return { q, k, v, mask, bias: rest[0] };
}
