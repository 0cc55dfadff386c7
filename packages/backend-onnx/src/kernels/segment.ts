/** Kernels that add up elements by an id. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { scatterRows } from './indexing.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, expand, iota, scalar, select, sizeOf } from './support.ts';

/** Row i of the result is the sum of the rows of `x` whose id is i; rows with an id out of range are left out. */
defineKernel('UnsortedSegmentSum', ({ g, inputs, attrs }: LoweringContext<{ numSegments: number }>) => {
  const { x, segmentIds } = inputs as { x: Value; segmentIds: Value };
  const shape = [attrs.numSegments, ...x.shape.slice(segmentIds.shape.length)];
  const count = sizeOf(segmentIds.shape);
  const rows = g.reshape(x, [count, sizeOf(shape.slice(1))]);
  return g.reshape(sumRows(g, rows, g.reshape(segmentIds, [count]), attrs.numSegments), shape);
});

function sumRows(g: GraphBuilder, rows: Value, ids: Value, count: number): Value {
  const zeros = g.fill(0, rows.type, [count, rows.shape[1]!]);
  if (zeros.shape.includes(0)) return zeros;
  const first = scalar(g, 0, 'int32');
  const known = binary(
    g,
    'And',
    compare(g, 'GreaterOrEqual', ids, first),
    compare(g, 'Less', ids, scalar(g, count, 'int32')),
  );
  const kept = select(g, g.reshape(known, [ids.shape[0]!, 1]), rows, scalar(g, 0, rows.type));
  return scatterRows(g, zeros, select(g, known, ids, first), kept, 'add');
}

interface BincountAttrs {
  size: number;
  binaryOutput?: boolean;
}

/** How often each number occurs, or the sum of the weights at its occurrences. */
defineKernel('Bincount', ({ g, inputs, attrs }: LoweringContext<BincountAttrs>) =>
  bincount(g, g.reshape(inputs.x!, [1, sizeOf(inputs.x!.shape)]), inputs.weights!, attrs.size, [attrs.size]),
);

/** The same for every row, or just whether a number occurs. */
defineKernel('DenseBincount', ({ g, inputs, attrs }: LoweringContext<BincountAttrs>) => {
  const { x, weights } = inputs as { x: Value; weights: Value };
  const { size } = attrs;
  if (x.shape.length === 1) return bincount(g, g.reshape(x, [1, x.shape[0]!]), weights, size, [size]);
  const shape = [x.shape[0]!, size];
  if (!attrs.binaryOutput) return bincount(g, x, weights, size, shape);
  const counts = bincount(g, x, g.fill(1, weights.type, x.shape), size, shape);
  return g.cast(compare(g, 'Greater', counts, scalar(g, 0, counts.type)), weights.type);
});

/** Counts `x`, `[rows, n]`, in bins that every row has for itself. */
function bincount(g: GraphBuilder, x: Value, weights: Value, size: number, shape: number[]): Value {
  const [rows, columns] = x.shape as [number, number];
  const given = sizeOf(weights.shape) > 0;
  const updates = given
    ? g.reshape(weights, [rows * columns, 1])
    : g.fill(1, weights.type, [rows * columns, 1]);
  const outside = compare(g, 'GreaterOrEqual', x, scalar(g, size, 'int32'));
  const rowStart = g.reshape(binary(g, 'Mul', iota(g, rows, 'int32'), scalar(g, size, 'int32')), [rows, 1]);
  // What lies outside gets an id that no bin has.
  const ids = select(g, outside, scalar(g, -1, 'int32'), binary(g, 'Add', x, expand(g, rowStart, x.shape)));
  return g.reshape(sumRows(g, updates, g.reshape(ids, [rows * columns]), rows * size), shape);
}
