/** Kernels that cut tensors and put them together. */
import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { concat, pad, parseAxes, parseAxis, slice } from './support.ts';

defineKernel('Slice', ({ g, inputs, infos, attrs }: LoweringContext<{ begin: number[]; size: number[] }>) => {
  const x = inputs.x!;
  const [begin, size] = slice_util.parseSliceParams(infos.x as never, attrs.begin, attrs.size);
  slice_util.assertParamsValid(infos.x as never, begin!, size!);
  const axes = x.shape.map((_, axis) => axis);
  const end = begin!.map((start, axis) => start + size![axis]!);
  return slice(g, x, axes, begin!, end);
});

interface StridedSliceAttrs {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

defineKernel('StridedSlice', ({ g, inputs, attrs }: LoweringContext<StridedSliceAttrs>) => {
  const x = inputs.x!;
  const info = slice_util.sliceInfo(
    [...x.shape],
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  if (info.finalShape.includes(0)) return g.fill(0, x.type, info.finalShape);
  const axes = x.shape.map((_, axis) => axis);
  return g.reshape(slice(g, x, axes, info.begin, info.end, info.strides), info.finalShape);
});

defineKernel('Reverse', ({ g, inputs, attrs }: LoweringContext<{ dims: number | number[] }>) =>
  reverse(g, inputs.x!, parseAxes(attrs.dims, inputs.x!.shape)),
);
/** Mirrors images left to right. */
defineKernel('FlipLeftRight', ({ g, inputs }: LoweringContext) => reverse(g, inputs.image!, [2]));

function reverse(g: GraphBuilder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  const last = axes.map((axis) => x.shape[axis]! - 1);
  const beforeFirst = axes.map(() => -1);
  return slice(
    g,
    x,
    axes,
    last,
    beforeFirst,
    axes.map(() => -1),
  );
}

defineKernel('Concat', ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
  const parts = Object.values(inputs);
  const axis = parseAxis(attrs.axis, parts[0]!.shape);
  const shapes = parts.map(({ shape }) => [...shape]);
  backend_util.assertParamsConsistent(shapes, axis);
  const filled = parts.filter(({ shape }) => !shape.includes(0));
  if (filled.length === 0) return g.fill(0, parts[0]!.type, backend_util.computeOutShape(shapes, axis));
  return concat(g, filled, axis);
});

/** Stacks tensors of one shape along a new axis. */
defineKernel('Pack', ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
  const tensors = Object.values(inputs);
  const { shape, type } = tensors[0]!;
  for (const x of tensors) {
    util.assertShapesMatch([...shape], [...x.shape], 'stack: all tensors must have one shape. ');
    util.assert(x.type === type, () => `stack: all tensors must have one type, found ${type} and ${x.type}`);
  }
  const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis;
  const parts = tensors.map((x) => g.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]));
  return concat(g, parts, axis);
});

/** The opposite. */
defineKernel('Unpack', ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
  const x = inputs.value!;
  const axis = parseAxis(attrs.axis, x.shape);
  const sizes = Array.from({ length: x.shape[axis]! }, () => 1);
  const shape = x.shape.filter((_, i) => i !== axis);
  return split(g, x, axis, sizes).map((part) => g.reshape(part, shape));
});

defineKernel(
  'SplitV',
  ({ g, inputs, infos, attrs }: LoweringContext<{ numOrSizeSplits: number | number[]; axis: number }>) => {
    const x = inputs.x!;
    const axis = parseAxis(attrs.axis, x.shape);
    const sizes = backend_util.prepareSplitSize(infos.x as never, attrs.numOrSizeSplits, axis);
    return split(g, x, axis, sizes);
  },
);

function split(g: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [x];
  const outputs = sizes.map((size) => ({
    type: x.type,
    shape: x.shape.map((extent, i) => (i === axis ? size : extent)),
  }));
  return g.multi('Split', [x, g.constant(sizes, 'int64')], outputs, { axis }) as Value[];
}

interface PadAttrs {
  paddings: [number, number][];
  constantValue: number;
}

defineKernel('PadV2', ({ g, inputs, attrs }: LoweringContext<PadAttrs>) => {
  const x = inputs.x!;
  if (!x.shape.includes(0)) return pad(g, x, attrs.paddings, attrs.constantValue);
  const shape = x.shape.map((extent, i) => extent + attrs.paddings[i]![0] + attrs.paddings[i]![1]);
  return g.fill(attrs.constantValue, x.type, shape);
});

interface MirrorPadAttrs {
  paddings: [number, number][];
  mode: 'reflect' | 'symmetric';
}

/** Pads with the tensor's own mirror image; `symmetric` repeats the edge, `reflect` does not. */
defineKernel('MirrorPad', ({ g, inputs, attrs }: LoweringContext<MirrorPadAttrs>) => {
  const repeat = attrs.mode === 'symmetric' ? 1 : 0;
  return attrs.paddings.reduce((x, [before, after], axis) => {
    const extent = x.shape[axis]!;
    const front = Array.from({ length: before }, (_, i) => before - i - repeat);
    const middle = Array.from({ length: extent }, (_, i) => i);
    const back = Array.from({ length: after }, (_, i) => extent - 2 - i + repeat);
    return takeAlong(g, x, axis, [...front, ...middle, ...back]);
  }, inputs.x!);
});

/** The elements of one axis at fixed places. */
export function takeAlong(g: GraphBuilder, x: Value, axis: number, places: readonly number[]): Value {
  const shape = x.shape.map((extent, i) => (i === axis ? places.length : extent));
  if (places.length === x.shape[axis] && places.every((place, i) => place === i)) return x;
  return g.op('Gather', [x, g.constant(places, 'int64')], x.type, shape, { axis });
}
