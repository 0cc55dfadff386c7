/** Attention by our own operators (`native/src/attention.h`): no scores in memory, nothing hidden is computed. */
import type { GraphBuilder, Value } from '../graph/types.ts';
import type { AttentionAttributes, AttentionInputs } from './attention-tiles.ts';
import { Nodes } from './nodes.ts';

/** Head sizes have to fill whole vector registers, of 16 floats at the most. */
const LANES = 16;

/** The logarithms of softmax's sums, by the attention's output. */
const keptLogSums = new WeakMap<Value, Value>();

/** Whether the native operators cover this attention. */
export function fitsNative(g: GraphBuilder, { q, mask, bias }: AttentionInputs): boolean {
  return g.native && !mask && !bias && q.shape[3]! % LANES === 0;
}

export function nativeAttention(g: GraphBuilder, inputs: AttentionInputs, attrs: AttentionAttributes): Value {
  const { q, k, v } = inputs;
  const specs = [
    { type: q.type, shape: q.shape },
    { type: q.type, shape: q.shape.slice(0, 3) },
  ];
  const [out, logSums] = g.multi('Attention', [q, k, v], specs, settings(attrs), 'attune') as [Value, Value];
  keptLogSums.set(out, logSums);
  return out;
}

/** The gradients of q, k and v. */
export function nativeAttentionGradient(
  g: GraphBuilder,
  inputs: AttentionInputs,
  attrs: AttentionAttributes,
  out: Value,
  dy: Value,
): Value[] {
  const { q, k, v } = inputs;
  // The forward pass may have been another graph.
  const logSums = keptLogSums.get(out) ?? keptLogSums.get(nativeAttention(g, inputs, attrs))!;
  return new Nodes(g).native('AttentionGrad', [q, k, v, out, logSums, dy], [q, k, v], {
    scale: attrs.scale,
    causal: Number(attrs.causal),
  });
}

const settings = ({ scale, causal }: AttentionAttributes) => ({
  scale: { f: scale },
  causal: { f: Number(causal) },
});
