/** Attention by our own operators (`native/src/attention.h`): no scores in memory, nothing hidden is computed. */
import type { GraphBuilder, Value } from '../graph/types.ts';
import type { AttentionAttributes, AttentionInputs } from './attention-tiles.ts';
import { fillsVectors } from './native-heads.ts';
import { Nodes } from './nodes.ts';

/** The logarithms of softmax's sums, by the attention's output. */
const keptLogSums = new WeakMap<Value, Value>();

/** What they take; spans in the place of a mask. */
export type NativeInputs = Pick<AttentionInputs, 'q' | 'k' | 'v'> & { spans?: Value };

/** Whether the native operators cover this attention. */
export function fitsNative(g: GraphBuilder, { q, mask, bias }: AttentionInputs): boolean {
  return g.native && !mask && !bias && fillsVectors(q.shape[3]!);
}

/** The output. What softmax added up is kept beside it, for the gradient. */
export function nativeAttention(g: GraphBuilder, inputs: NativeInputs, attrs: AttentionAttributes): Value {
  const { q, k, v, spans } = inputs;
  const specs = [
    { type: q.type, shape: q.shape },
    { type: q.type, shape: q.shape.slice(0, 3) },
  ];
  const [name, operands] = spans ? ['SpanAttention', [q, k, v, spans]] : ['Attention', [q, k, v]];
  const [out, logSums] = g.multi(name, operands, specs, settings(attrs), 'attune') as [Value, Value];
  keptLogSums.set(out, logSums);
  return out;
}

/** The gradients of q, k and v. */
export function nativeAttentionGradient(
  g: GraphBuilder,
  inputs: NativeInputs,
  attrs: AttentionAttributes,
  out: Value,
  dy: Value,
): Value[] {
  const { q, k, v, spans } = inputs;
  // The forward pass may have been another graph.
  const logSums = keptLogSums.get(out) ?? keptLogSums.get(nativeAttention(g, inputs, attrs))!;
  const operands = [q, k, v, out, logSums, dy];
  const numbers = { scale: attrs.scale, causal: Number(attrs.causal) };
  return spans
    ? new Nodes(g).native('SpanAttentionGrad', [...operands, spans], [q, k, v], numbers)
    : new Nodes(g).native('AttentionGrad', operands, [q, k, v], numbers);
}

const settings = ({ scale, causal }: AttentionAttributes) => ({
  scale: { f: scale },
  causal: { f: Number(causal) },
});
