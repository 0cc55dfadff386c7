/** Gradients of the functions that move, copy or select elements. */
import {
  add,
  backend_util,
  batchToSpaceND,
  cast,
  concat,
  gather,
  greaterEqual,
  maximum,
  mul,
  pad,
  range,
  reshape,
  reverse,
  scalar,
  scatterND,
  slice,
  slice_util,
  spaceToBatchND,
  stack,
  sum,
  type Tensor,
  transpose,
  unstack,
  util,
  zeros,
} from '@tensorflow/tfjs-core';
import { register, unbroadcast } from './shared.ts';

register('Reshape', { save: ['x'], gradient: (dy, [x]) => ({ x: () => reshape(dy, x!.shape) }) });
register('ExpandDims', { save: ['input'], gradient: (dy, [x]) => ({ input: () => reshape(dy, x!.shape) }) });
register<{ perm: number[] }>('Transpose', {
  gradient: (dy, _saved, { perm }) => ({
    x: () => transpose(dy, backend_util.getUndoAxesPermutation(perm)),
  }),
});
register<{ dims: number | number[] }>('Reverse', {
  gradient: (dy, _saved, { dims }) => ({ x: () => reverse(dy, util.parseAxisParam(dims, dy.shape)) }),
});
register('BroadcastTo', { save: ['x'], gradient: (dy, [x]) => ({ x: () => unbroadcast(dy, x!.shape) }) });

register<{ reps: number[] }>('Tile', {
  save: ['x'],
  gradient: (dy, [x], { reps }) => ({
    // Every copy becomes an axis of its own, in front of the axis it repeats.
    x: () => {
      const copies = x!.shape.flatMap((size, axis) => [reps[axis]!, size]);
      const copyAxes = x!.shape.map((_, axis) => 2 * axis);
      return sum(reshape(dy, copies), copyAxes);
    },
  }),
});

register<{ axis: number }>('Concat', {
  saveAll: true,
  gradient: (dy, inputs, { axis }) => {
    const along = util.parseAxisParam(axis, inputs[0]!.shape)[0]!;
    let end = 0;
    return inputs.map((input) => {
      const begin = dy.shape.map(() => 0);
      begin[along] = end;
      end += input.shape[along]!;
      // A slice of its own for each input: unused ones are then never computed.
      return () => slice(dy, begin, input.shape);
    });
  },
});
register<{ axis: number }>('SplitV', {
  gradient: (dys, _saved, { axis }) => ({ x: () => concat(dys as unknown as Tensor[], axis) }),
});
register<{ axis: number }>('Pack', {
  saveAll: true,
  gradient: (dy, _inputs, { axis }) => unstack(dy, axis).map((part) => () => part),
});
register<{ axis: number }>('Unpack', {
  gradient: (dys, _saved, { axis }) => ({ value: () => stack(dys as unknown as Tensor[], axis) }),
});

register<{ begin: number[]; size: number[] }>('Slice', {
  save: ['x'],
  gradient: (dy, [x], { begin, size }) => ({
    x: () => {
      const [start, extent] = slice_util.parseSliceParams(x!, begin, size);
      return pad(
        dy,
        x!.shape.map((length, i): [number, number] => [start![i]!, length - start![i]! - extent![i]!]),
      );
    },
  }),
});
for (const kernelName of ['PadV2', 'MirrorPad']) {
  register<{ paddings: [number, number][] }>(kernelName, {
    save: ['x'],
    gradient: (dy, [x], { paddings }) => ({
      x: () =>
        slice(
          dy,
          paddings.map(([before]) => before),
          x!.shape,
        ),
    }),
  });
}
register<{ blockShape: number[]; crops: number[][] }>('BatchToSpaceND', {
  gradient: (dy, _saved, { blockShape, crops }) => ({ x: () => spaceToBatchND(dy, blockShape, crops) }),
});
register<{ blockShape: number[]; paddings: number[][] }>('SpaceToBatchND', {
  gradient: (dy, _saved, { blockShape, paddings }) => ({ x: () => batchToSpaceND(dy, blockShape, paddings) }),
});

register<{ axis: number; batchDims: number }>('GatherV2', {
  save: ['x', 'indices'],
  gradient: (dy, [x, indices], { axis, batchDims }) => ({
    x: () => gatherGradient(dy, x!.shape, indices!, util.parseAxisParam(axis, x!.shape)[0]!, batchDims),
    indices: () => zeros(indices!.shape),
  }),
});

/** Adds every slice of `dy` at the place it was gathered from. All batches at once: each has rows of its own. */
function gatherGradient(
  dy: Tensor,
  shape: number[],
  indices: Tensor,
  axis: number,
  batchDims: number,
): Tensor {
  const [batch, outer, inner] = [
    shape.slice(0, batchDims),
    shape.slice(batchDims, axis),
    shape.slice(axis + 1),
  ].map(util.sizeFromShape) as [number, number, number];
  const size = shape[axis]!;
  const count = indices.size / batch;

  const rows = reshape(transpose(reshape(dy, [batch, outer, count, inner]), [0, 2, 1, 3]), [
    batch * count,
    outer * inner,
  ]);
  const firstRows = reshape(range(0, batch * size, size, 'int32'), [batch, 1]);
  const ids = batch === 1 ? indices : add(reshape(indices, [batch, count]), firstRows);
  // The same as a segment sum, for ids that are known to be valid: not every backend has that, or has it fast.
  const summed = scatterND(reshape(ids, [batch * count, 1]), rows, [batch * size, outer * inner]);
  return reshape(transpose(reshape(summed, [batch, size, outer, inner]), [0, 2, 1, 3]), shape);
}

register('UnsortedSegmentSum', {
  save: ['segmentIds'],
  gradient: (dy, [segmentIds]) => ({
    // A negative id belongs to no segment: its slice had no influence.
    x: () => {
      const ids = segmentIds!;
      const first = scalar(0, 'int32');
      const known = cast(greaterEqual(ids, first), 'float32');
      const rows = gather(dy, maximum(ids, first) as never);
      return mul(rows, reshape(known, [...ids.shape, ...rows.shape.slice(ids.rank).map(() => 1)]));
    },
  }),
});
register('OneHot', { save: ['indices'], gradient: (_dy, [x]) => ({ indices: () => zeros(x!.shape) }) });
