/** Kernels that change type and shape, or rearrange elements, and compute nothing. */
import { backend_util, type DataType } from '@tensorflow/tfjs-core';
import type { ElementType, LoweringContext } from '../graph/types.ts';
import { defineAlias, defineKernel } from './registry.ts';
import { expand, pad, slice, transpose } from './support.ts';

defineAlias<{ shape: number[] }>('Reshape', 'x', (x, { shape }) => inferShape(x.shape, shape));
defineAlias('Identity', 'x', (x) => x.shape);
defineAlias<{ dim: number }>('ExpandDims', 'input', ({ shape }, { dim }) => {
  const axis = dim < 0 ? shape.length + 1 + dim : dim;
  if (axis < 0 || axis > shape.length) {
    throw new Error(`expandDims: axis must be in [${-shape.length - 1}, ${shape.length}], found ${dim}`);
  }
  return [...shape.slice(0, axis), 1, ...shape.slice(axis)];
});

/** Replaces a `-1` by what is left of the number of elements. */
function inferShape(from: number[], to: number[]): number[] {
  const size = from.reduce((a, b) => a * b, 1);
  const known = to.reduce((a, b) => (b === -1 ? a : a * b), 1);
  return to.map((extent) => (extent === -1 ? size / known : extent));
}

defineKernel('Cast', ({ g, inputs, attrs }: LoweringContext<{ dtype: DataType }>) =>
  g.cast(inputs.x!, attrs.dtype as ElementType),
);

defineKernel('Transpose', ({ g, inputs, attrs }: LoweringContext<{ perm: number[] }>) =>
  transpose(g, inputs.x!, attrs.perm),
);

/** Repeats every axis `reps` times. Broadcasting arrives as this kernel too, and is the cheaper operator. */
defineKernel('Tile', ({ g, inputs, attrs }: LoweringContext<{ reps: number[] }>) => {
  const x = inputs.x!;
  const { reps } = attrs;
  const shape = x.shape.map((extent, axis) => extent * reps[axis]!);
  if (x.shape.every((extent, axis) => extent === 1 || reps[axis] === 1)) return expand(g, x, shape);
  return g.op('Tile', [x, g.constant(reps, 'int64')], x.type, shape);
});

/** Blocks of channels become blocks of pixels. */
defineKernel(
  'DepthToSpace',
  ({ g, inputs, attrs }: LoweringContext<{ blockSize: number; dataFormat: 'NHWC' | 'NCHW' }>) => {
    const x = inputs.x!;
    const { blockSize: block, dataFormat } = attrs;
    const [batch, a, b, c] = x.shape as [number, number, number, number];
    if (dataFormat === 'NHWC') {
      const channels = c / block ** 2;
      const split = g.reshape(x, [batch, a, b, block, block, channels]);
      return g.reshape(transpose(g, split, [0, 1, 3, 2, 4, 5]), [batch, a * block, b * block, channels]);
    }
    const channels = a / block ** 2;
    const split = g.reshape(x, [batch, block, block, channels, b, c]);
    return g.reshape(transpose(g, split, [0, 3, 4, 1, 5, 2]), [batch, channels, b * block, c * block]);
  },
);

/** Parts of the batch become blocks of pixels, which are then cropped. */
defineKernel(
  'BatchToSpaceND',
  ({ g, inputs, attrs }: LoweringContext<{ blockShape: number[]; crops: number[][] }>) => {
    const x = inputs.x!;
    const { blockShape, crops } = attrs;
    const size = blockShape.reduce((a, b) => a * b, 1);
    const from = [...x.shape];
    const split = g.reshape(x, backend_util.getReshaped(from, blockShape, size));
    const moved = transpose(g, split, backend_util.getPermuted(split.shape.length, blockShape.length));
    const blocks = g.reshape(moved, backend_util.getReshapedPermuted(from, blockShape, size));
    const axes = blockShape.map((_, i) => i + 1);
    const begin = crops.map(([before]) => before!);
    const end = crops.map(([, after], i) => blocks.shape[i + 1]! - after!);
    return slice(g, blocks, axes, begin, end);
  },
);

/** The opposite: pads, and moves the pixels of each block to the batch. */
defineKernel(
  'SpaceToBatchND',
  ({ g, inputs, attrs }: LoweringContext<{ blockShape: number[]; paddings: [number, number][] }>) => {
    const x = inputs.x!;
    const { blockShape, paddings } = attrs;
    const size = blockShape.reduce((a, b) => a * b, 1);
    const untouched = x.shape.slice(1 + blockShape.length).map((): [number, number] => [0, 0]);
    const padded = pad(g, x, [[0, 0], ...paddings, ...untouched]);
    const from = [...padded.shape];
    const split = g.reshape(padded, backend_util.getReshaped(from, blockShape, size, false));
    const moved = transpose(g, split, backend_util.getPermuted(split.shape.length, blockShape.length, false));
    return g.reshape(moved, backend_util.getReshapedPermuted(from, blockShape, size, false));
  },
);
