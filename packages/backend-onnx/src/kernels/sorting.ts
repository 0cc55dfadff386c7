/** Kernels that order elements. */
import type { LoweringContext, Value } from '../graph/types.ts';
import { reduce } from './reduction.ts';
import { defineKernel } from './registry.ts';
import { compare, numeric } from './support.ts';

/** The `k` largest elements of the last axis and their indices; of equal elements the first one comes first. */
defineKernel('TopK', ({ g, inputs, attrs }: LoweringContext<{ k: number }>) => {
  const x = inputs.x!;
  const shape = [...x.shape.slice(0, -1), attrs.k];
  const operands = [numeric(g, x), g.constant([attrs.k], 'int64')];
  const type = operands[0]!.type;
  const [values, indices] = g.multi(
    'TopK',
    operands,
    [
      { type, shape },
      { type: 'int64', shape },
    ],
    { sorted: 1 },
  );
  return [g.cast(values!, x.type), g.cast(indices!, 'int32')];
});

/** How many elements of the sorted rows lie below (`left`), or not above (`right`), each value. */
defineKernel('SearchSorted', ({ g, inputs, attrs }: LoweringContext<{ side: 'left' | 'right' }>) => {
  const { sortedSequence, values } = inputs as { sortedSequence: Value; values: Value };
  const [rows, length] = sortedSequence.shape as [number, number];
  const count = values.shape[1]!;
  const sorted = g.reshape(sortedSequence, [rows, 1, length]);
  const wanted = g.reshape(values, [rows, count, 1]);
  const before = compare(g, attrs.side === 'left' ? 'Less' : 'LessOrEqual', sorted, wanted);
  return reduce(g, 'ReduceSum', g.cast(before, 'int32'), [2]);
});
