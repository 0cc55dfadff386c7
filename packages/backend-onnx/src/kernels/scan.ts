/** Running sums and products. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, numeric, pad, parseAxis, scalar, slice } from './support.ts';

interface ScanAttrs {
  axis: number;
  exclusive: boolean;
  reverse: boolean;
}

defineKernel('Cumsum', ({ g, inputs, attrs }: LoweringContext<ScanAttrs>) => {
  const x = numeric(g, inputs.x!);
  const axis = scalar(g, parseAxis(attrs.axis, x.shape), 'int64');
  const flags = { exclusive: Number(attrs.exclusive), reverse: Number(attrs.reverse) };
  return g.op('CumSum', [x, axis], x.type, x.shape, flags);
});

/** ONNX has no running product. Each round multiplies in the neighbour twice as far away as the round before. */
defineKernel('Cumprod', ({ g, inputs, attrs }: LoweringContext<ScanAttrs>) => {
  let x = numeric(g, inputs.x!);
  const axis = parseAxis(attrs.axis, x.shape);
  const extent = x.shape[axis]!;
  if (attrs.exclusive) x = shift(g, x, axis, 1, attrs.reverse);
  for (let distance = 1; distance < extent; distance *= 2) {
    x = binary(g, 'Mul', x, shift(g, x, axis, distance, attrs.reverse));
  }
  return x;
});

/** Moves the elements along an axis, towards the front when `back` is set, and fills up with ones. */
function shift(g: GraphBuilder, x: Value, axis: number, distance: number, back: boolean): Value {
  const extent = x.shape[axis]!;
  const kept = back
    ? slice(g, x, [axis], [distance], [extent])
    : slice(g, x, [axis], [0], [extent - distance]);
  const paddings = x.shape.map((_, i): [number, number] =>
    i !== axis ? [0, 0] : back ? [0, distance] : [distance, 0],
  );
  return pad(g, kept, paddings, 1);
}
