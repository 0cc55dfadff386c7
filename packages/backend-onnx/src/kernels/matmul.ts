import { broadcast_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';

interface BatchMatMulAttrs {
  transposeA: boolean;
  transposeB: boolean;
}

/** `[..., m, k] × [..., k, n] → [..., m, n]`, either side transposed on request; leading axes broadcast. */
export function matMul(g: GraphBuilder, a: Value, b: Value, transA = false, transB = false): Value {
  const m = a.shape.at(transA ? -1 : -2)!;
  const n = b.shape.at(transB ? -2 : -1)!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, m, n];
  if (!transA && !transB) return g.op('MatMul', [a, b], a.type, shape);
  return g.op(
    'FusedMatMul',
    [a, b],
    a.type,
    shape,
    { transA: Number(transA), transB: Number(transB) },
    'com.microsoft',
  );
}

defineKernel('BatchMatMul', ({ g, inputs, attrs }: LoweringContext<BatchMatMulAttrs>) =>
  matMul(g, inputs.a!, inputs.b!, attrs.transposeA, attrs.transposeB),
);
