/** Kernels that combine all elements along some axes. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, dropNaNs, numeric, parseAxes, parseAxis, scalar, select } from './support.ts';

/** An ONNX reduction over `axes`; those of extent 1 only leave the shape. */
export function reduce(
  g: GraphBuilder,
  opType: string,
  x: Value,
  axes: readonly number[],
  keepDims = false,
): Value {
  const shape = x.shape.flatMap((extent, i) => (!axes.includes(i) ? [extent] : keepDims ? [1] : []));
  if (axes.every((axis) => x.shape[axis] === 1)) return g.reshape(x, shape);
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
reduction('All', 'ReduceMin', (g, x) => g.cast(x, 'bool'));
reduction('Any', 'ReduceMax', (g, x) => g.cast(x, 'bool'));

/**
 * The extremum, or NaN where there is one: ONNX Runtime's reductions overlook NaN. A sum does not, and costs little.
 * It is NaN for opposite infinities too, but then the extremum is infinite.
 */
for (const [kernelName, opType, infinity] of [
  ['Max', 'ReduceMax', Number.POSITIVE_INFINITY],
  ['Min', 'ReduceMin', Number.NEGATIVE_INFINITY],
] as const) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<ReductionAttrs>) => {
    const x = inputs.x!;
    const axes = parseAxes(attrs.reductionIndices ?? attrs.axis, x.shape);
    const extremum = reduce(g, opType, x, axes, attrs.keepDims);
    if (x.type !== 'float32' || axes.length === 0) return extremum;
    const sum = reduce(g, 'ReduceSum', x, axes, attrs.keepDims);
    const hasNaN = g.op('IsNaN', [sum], 'bool', sum.shape);
    const bounded = compare(
      g,
      opType === 'ReduceMax' ? 'Less' : 'Greater',
      extremum,
      scalar(g, infinity, 'float32'),
    );
    return select(g, binary(g, 'And', hasNaN, bounded), scalar(g, Number.NaN, 'float32'), extremum);
  });
}

/** The first index of the extremum; a NaN never is it. */
for (const [kernelName, least] of [
  ['ArgMax', Number.NEGATIVE_INFINITY],
  ['ArgMin', Number.POSITIVE_INFINITY],
] as const) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
    const x = dropNaNs(g, numeric(g, inputs.x!), least);
    const axis = parseAxis(attrs.axis, x.shape);
    const shape = x.shape.filter((_, i) => i !== axis);
    return g.cast(g.op(kernelName, [x], 'int64', shape, { axis, keepdims: 0 }), 'int32');
  });
}
