import {
  add,
  concat,
  mul,
  neg,
  reshape,
  slice,
  sub,
  type Tensor,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { iota } from '../kernels/support.ts';
import { hasKernel, runKernel } from './fused.ts';

/**
 * Rotary position embedding (Su et al. 2021, "RoFormer", equation 34): turns the pair (x[i], x[i + headDim / 2]) of
 * every head by its angle. This is Llama's rotate-half layout, not the interleaved one of the paper.
 * No gradient for the angles.
 *
 * @param x `[batch, heads, seq, headDim]`
 * @param cos `[batch | 1, seq, headDim / 2]`, cosines of the angles
 * @param sin the sines
 * @returns `[batch, heads, seq, headDim]`
 */
export function rotary(x: Tensor4D, cos: Tensor, sin: Tensor): Tensor4D {
  if (hasKernel('Rotary')) return runKernel<Tensor4D>('Rotary', { x, cos, sin });
  return rotaryComposition(x, cos, sin);
}

/** The same in plain operations. */
export function rotaryComposition(x: Tensor4D, cos: Tensor, sin: Tensor): Tensor4D {
  const [batch, heads, seq, headDim] = x.shape;
  const half = headDim / 2;
  // Every head turns alike: an axis of 1 in the place of the heads.
  const perHead = (t: Tensor) => reshape(t, [t.shape[0]!, 1, seq, half]);
  const [c, s] = [perHead(cos), perHead(sin)];
  const x1 = slice(x, [0, 0, 0, 0], [batch, heads, seq, half]);
  const x2 = slice(x, [0, 0, 0, half], [batch, heads, seq, half]);
  return concat([sub(mul(x1, c), mul(x2, s)), add(mul(x2, c), mul(x1, s))], 3) as Tensor4D;
}

register('Rotary', {
  save: ['cos', 'sin'],
  // The transpose of a rotation turns back.
  gradient: (dy, [cos, sin]) => ({ x: () => rotary(dy as Tensor4D, cos!, neg(sin!)) }),
});

/** The operator looks angles up in a table, by position: the table is all of cos and sin, the positions its rows. */
defineKernel('Rotary', ({ g, inputs }: LoweringContext) => {
  const x = inputs.x!;
  const [batch, , seq, headDim] = x.shape as [number, number, number, number];
  const rows = inputs.cos!.shape[0]! * seq;
  const table = (name: string) => g.reshape(inputs[name]!, [rows, headDim / 2]);
  // One number is the position of every row's first token.
  const positions = rows === seq ? g.constant([0], 'int64') : g.reshape(iota(g, rows, 'int64'), [batch, seq]);
  return g.op(
    'RotaryEmbedding',
    [x, positions, table('cos'), table('sin')],
    'float32',
    x.shape,
    {},
    'com.microsoft',
  );
});
