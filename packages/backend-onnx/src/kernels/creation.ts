/** Kernels that make tensors out of nothing. */
import { type DataType, util } from '@tensorflow/tfjs-core';
import type { ElementType, GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, iota, scalar, select, sizeOf } from './support.ts';

interface FillAttrs {
  shape: number[];
  value: number;
  dtype?: DataType;
}

defineKernel('Fill', ({ g, attrs }: LoweringContext<FillAttrs>) =>
  g.fill(attrs.value, (attrs.dtype ?? util.inferDtype(attrs.value)) as ElementType, attrs.shape),
);
defineKernel('OnesLike', ({ g, inputs }: LoweringContext) => g.fill(1, inputs.x!.type, inputs.x!.shape));
defineKernel('ZerosLike', ({ g, inputs }: LoweringContext) => g.fill(0, inputs.x!.type, inputs.x!.shape));

interface RangeAttrs {
  start: number;
  stop: number;
  step: number;
  dtype: ElementType;
}

/** `start`, `start + step`, ... up to `stop`, which is left out; empty when `step` leads away from it. */
defineKernel('Range', ({ g, attrs }: LoweringContext<RangeAttrs>) => {
  const { start, stop, dtype } = attrs;
  // Without a direction of its own, a step of 1 points from start to stop.
  const step = stop < start && attrs.step === 1 ? -1 : attrs.step;
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return progression(g, start, step, count, dtype);
});

/** `num` numbers at equal distances, both ends included. */
defineKernel('LinSpace', ({ g, attrs }: LoweringContext<{ start: number; stop: number; num: number }>) => {
  const { start, stop, num } = attrs;
  return progression(g, start, (stop - start) / (num - 1), num, 'float32');
});

function progression(g: GraphBuilder, start: number, step: number, count: number, type: ElementType): Value {
  if (count <= 1024) {
    const numbers = Array.from({ length: count }, (_, i) => start + i * step);
    return g.constant(numbers, type, [count]);
  }
  if (step === 1 && Number.isInteger(start)) return iota(g, count, type, start);
  const places = iota(g, count, type);
  return binary(g, 'Add', binary(g, 'Mul', places, scalar(g, step, type)), scalar(g, start, type));
}

/** A tensor of shape S on the diagonal of one of shape [...S, ...S]. */
defineKernel('Diag', ({ g, inputs }: LoweringContext) => {
  const x = inputs.x!;
  const size = sizeOf(x.shape);
  const places = iota(g, size, 'int32');
  const onDiagonal = compare(g, 'Equal', g.reshape(places, [size, 1]), places);
  const matrix = select(g, onDiagonal, g.reshape(x, [size]), scalar(g, 0, x.type));
  return g.reshape(matrix, [...x.shape, ...x.shape]);
});
