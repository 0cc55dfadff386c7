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
  type Tensor4D,
} from '@tensorflow/tfjs-core';

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
  /** Factor of the scores, default 1 / √headDim. */
  scale?: number;
}

/**
 * Scaled dot-product attention, softmax(scale · q kᵀ + bias) v (Vaswani et al. 2017, "Attention Is All You Need",
 * equation 1), with grouped queries (Ainslie et al. 2023): consecutive heads share a key and value head.
 * A query that may attend to nothing gets zeros.
 *
 * @param q `[batch, heads, seqQ, headDim]`
 * @param k `[batch, kvHeads, seqK, headDim]`, heads a multiple of kvHeads
 * @param v like k
 * @returns `[batch, heads, seqQ, headDim]`
 */
export function attention(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: AttentionOptions = {}): Tensor4D {
  const [batch, heads, seqQ, headDim] = q.shape;
  const [, kvHeads, seqK] = k.shape;
  if (heads % kvHeads !== 0) {
    throw new Error(
      `attention: heads must be a multiple of kvHeads, found q [${q.shape}] (${heads} heads) and k [${k.shape}] (${kvHeads})`,
    );
  }
  const { causal = false, mask, bias, scale = 1 / Math.sqrt(headDim) } = options;

  // The queries of a group stand below each other: one product serves all that share a key.
  const grouped = [batch, kvHeads, (heads / kvHeads) * seqQ, headDim];
  const scores = reshape(matMul(reshape(mul(q, scale), grouped), k, false, true), [batch, heads, seqQ, seqK]);
  const shifted = bias ? add(scores, bias) : scores;

  const allowed = combine(mask, causal ? causalMask(seqQ, seqK) : undefined);
  const probabilities = allowed ? maskedSoftmax(shifted, allowed) : softmax(shifted);
  const out = matMul(reshape(probabilities, [batch, kvHeads, (heads / kvHeads) * seqQ, seqK]), v);
  return reshape(out, [batch, heads, seqQ, headDim]) as Tensor4D;
}

/** bool `[seqQ, seqK]`: key j is not after query i, when the last query stands at the last key. */
export function causalMask(seqQ: number, seqK: number): Tensor {
  const keys = range(0, seqK, 1, 'int32');
  const queries = reshape(range(seqK - seqQ, seqK, 1, 'int32'), [seqQ, 1]);
  return greaterEqual(queries, keys);
}

/** Far below every score, yet finite, so that a row without any key left stays a number. */
const MASKED = -1e30;

/** Softmax over the allowed keys: exactly 0 elsewhere, also where nothing is allowed. */
export function maskedSoftmax(scores: Tensor, allowed: Tensor): Tensor {
  const weight = cast(allowed, 'float32');
  const penalty = mul(sub(1, weight), MASKED);
  return mul(softmax(add(scores, penalty)), weight);
}

function combine(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b) return a ?? b;
  return logicalAnd(a, b);
}
