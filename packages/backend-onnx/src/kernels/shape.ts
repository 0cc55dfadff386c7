import { type DataType, slice_util } from '@tensorflow/tfjs-core';
import type { ElementType, LoweringContext } from '../graph/types.ts';
import { defineAlias, defineKernel } from './registry.ts';

defineAlias<{ shape: number[] }>('Reshape', 'x', (x, { shape }) => inferShape(x.shape, shape));
defineAlias('Identity', 'x', (x) => x.shape);

/** Replaces a `-1` by what is left of the number of elements. */
function inferShape(from: number[], to: number[]): number[] {
  const size = from.reduce((a, b) => a * b, 1);
  const known = to.reduce((a, b) => (b === -1 ? a : a * b), 1);
  return to.map((extent) => (extent === -1 ? size / known : extent));
}

defineKernel('Cast', ({ g, inputs, attrs }: LoweringContext<{ dtype: DataType }>) =>
  g.cast(inputs.x!, attrs.dtype as ElementType),
);

defineKernel('Transpose', ({ g, inputs, attrs }: LoweringContext<{ perm: number[] }>) => {
  const x = inputs.x!;
  const shape = attrs.perm.map((axis) => x.shape[axis]!);
  return g.op('Transpose', [x], x.type, shape, { perm: attrs.perm });
});

defineKernel('Slice', ({ g, inputs, attrs }: LoweringContext<{ begin: number[]; size: number[] }>) => {
  const x = inputs.x!;
  const [begin, size] = slice_util.parseSliceParams(
    { shape: [...x.shape] } as Parameters<typeof slice_util.parseSliceParams>[0],
    attrs.begin,
    attrs.size,
  ) as [number[], number[]];
  const end = begin.map((start, axis) => start + size[axis]!);
  return g.op('Slice', [x, g.constant(begin, 'int64'), g.constant(end, 'int64')], x.type, size);
});
