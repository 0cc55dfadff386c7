import { util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';

interface ReductionAttrs {
  axis: number | number[];
  keepDims: boolean;
}

/** A reduction over `axes`, every axis when none is given. */
export function reduce(
  g: GraphBuilder,
  opType: string,
  x: Value,
  axis: number | number[] | null,
  keepDims: boolean,
): Value {
  const axes = util.parseAxisParam(axis ?? x.shape.map((_, i) => i), [...x.shape]);
  const shape = x.shape.flatMap((extent, i) => (!axes.includes(i) ? [extent] : keepDims ? [1] : []));
  if (axes.length === 0) return x;
  return g.op(opType, [x, g.constant(axes, 'int64')], x.type, shape, { keepdims: Number(keepDims) });
}

for (const [kernelName, opType] of [
  ['Sum', 'ReduceSum'],
  ['Mean', 'ReduceMean'],
  ['Max', 'ReduceMax'],
  ['Min', 'ReduceMin'],
] as const) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<ReductionAttrs>) =>
    reduce(g, opType, inputs.x!, attrs.axis, attrs.keepDims),
  );
}
