/** Kernels that combine all elements along some axes. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { numeric, parseAxes, parseAxis } from './support.ts';

/** An ONNX reduction over `axes`; no axes leave the tensor as it is. */
export function reduce(
  g: GraphBuilder,
  opType: string,
  x: Value,
  axes: readonly number[],
  keepDims = false,
): Value {
  if (axes.length === 0) return x;
  const shape = x.shape.flatMap((extent, i) => (!axes.includes(i) ? [extent] : keepDims ? [1] : []));
  return g.op(opType, [x, g.constant(axes, 'int64')], x.type, shape, { keepdims: Number(keepDims) });
}

interface ReductionAttrs {
  axis?: number | number[];
  keepDims?: boolean;
  /** What `Max` calls its axes. */
  reductionIndices?: number | number[];
}

function reduction(kernelName: string, opType: string, prepare: (g: GraphBuilder, x: Value) => Value): void {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<ReductionAttrs>) => {
    const x = inputs.x!;
    const axes = parseAxes(attrs.reductionIndices ?? attrs.axis, x.shape);
    return reduce(g, opType, prepare(g, x), axes, attrs.keepDims);
  });
}

reduction('Sum', 'ReduceSum', numeric);
reduction('Prod', 'ReduceProd', numeric);
reduction('Mean', 'ReduceMean', (g, x) => g.cast(x, 'float32'));
reduction('Max', 'ReduceMax', (_g, x) => x);
reduction('Min', 'ReduceMin', (_g, x) => x);
reduction('All', 'ReduceMin', (g, x) => g.cast(x, 'bool'));
reduction('Any', 'ReduceMax', (g, x) => g.cast(x, 'bool'));

/** The first index of the extremum. */
for (const kernelName of ['ArgMax', 'ArgMin']) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
    const x = numeric(g, inputs.x!);
    const axis = parseAxis(attrs.axis, x.shape);
    const shape = x.shape.filter((_, i) => i !== axis);
    return g.cast(g.op(kernelName, [x], 'int64', shape, { axis, keepdims: 0 }), 'int32');
  });
}
