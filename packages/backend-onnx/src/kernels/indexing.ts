/** Kernels that read or write elements at computed places. */
import { type BackendValues, backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { ElementType, GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { reduce } from './reduction.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, expand, iota, parseAxis, scalar, select, sizeOf, transpose } from './support.ts';

interface GatherAttrs {
  axis: number;
  batchDims: number;
}

/** Slices of `x` along `axis`; the first `batchDims` axes of `x` and `indices` belong together. */
defineKernel('GatherV2', ({ g, inputs, infos, known, attrs }: LoweringContext<GatherAttrs>) => {
  const { x, indices } = inputs as { x: Value; indices: Value };
  const axis = parseAxis(attrs.axis, x.shape);
  const { batchDims } = attrs;
  backend_util.segment_util.collectGatherOpShapeInfo(
    infos.x as never,
    infos.indices as never,
    axis,
    batchDims,
  );
  checkIndices(known('indices'), x.shape[axis]!);
  const size = x.shape[axis]!;
  const batchShape = x.shape.slice(0, batchDims);
  const outerShape = x.shape.slice(batchDims, axis);
  const innerShape = x.shape.slice(axis + 1);
  const placeShape = indices.shape.slice(batchDims);
  const shape = [...batchShape, ...outerShape, ...placeShape, ...innerShape];
  const batch = sizeOf(batchShape);
  if (batch === 1) {
    const data = g.reshape(x, x.shape.slice(batchDims));
    const places = g.reshape(indices, placeShape);
    const gathered = g.op('Gather', [data, places], x.type, shape.slice(batchDims), {
      axis: axis - batchDims,
    });
    return g.reshape(gathered, shape);
  }
  // One long table with the rows of all batches, in which every batch has rows of its own.
  const [outer, inner, count] = [sizeOf(outerShape), sizeOf(innerShape), sizeOf(placeShape)];
  const table = transpose(g, g.reshape(x, [batch, outer, size, inner]), [0, 2, 1, 3]);
  const firstRows = binary(g, 'Mul', iota(g, batch, 'int32'), scalar(g, size, 'int32'));
  const rows = binary(g, 'Add', g.reshape(indices, [batch, count]), g.reshape(firstRows, [batch, 1]));
  const gathered = g.op(
    'Gather',
    [g.reshape(table, [batch * size, outer, inner]), rows],
    x.type,
    [batch, count, outer, inner],
    { axis: 0 },
  );
  return g.reshape(transpose(g, gathered, [0, 2, 1, 3]), shape);
});

/** Names a wrong index at once if it is already known; otherwise ONNX Runtime finds it when the graph runs. */
function checkIndices(indices: BackendValues | undefined, length: number): void {
  for (const index of (indices ?? []) as Int32Array) {
    if (index < 0 || index >= length) {
      throw new Error(`GatherV2: the index value ${index} is not in [0, ${length - 1}]`);
    }
  }
}

defineKernel('GatherNd', ({ g, inputs, infos }: LoweringContext) => {
  const { params, indices } = inputs as { params: Value; indices: Value };
  const [shape] = backend_util.prepareAndValidate(infos.params!, infos.indices!);
  return g.op('GatherND', [params, g.cast(indices, 'int64')], params.type, shape);
});

/**
 * `base`, `[rows, width]`, with each of the `updates`, `[count, width]`, written into the row that `rows` names, or
 * added to it. ScatterND would do it with far smaller indices, but on the CPU its additions race. ScatterElements
 * goes through the updates in order; it is fastest over one axis.
 */
export function scatterRows(
  g: GraphBuilder,
  base: Value,
  rows: Value,
  updates: Value,
  reduction: 'none' | 'add',
): Value {
  if (updates.shape.includes(0)) return base;
  const [count, width] = updates.shape as [number, number];
  const size = sizeOf(base.shape);
  const type = size < 2 ** 31 ? 'int32' : 'int64';
  const starts = binary(g, 'Mul', g.cast(g.reshape(rows, [count, 1]), type), scalar(g, width, type));
  const places = g.reshape(binary(g, 'Add', starts, iota(g, width, type)), [count * width]);
  const operands = [g.reshape(base, [size]), places, g.reshape(updates, [count * width])];
  return g.reshape(g.op('ScatterElements', operands, base.type, [size], { axis: 0, reduction }), base.shape);
}

/** Writes slices at n-dimensional places of `base`, as `scatterRows` does. */
function scatterSlices(
  g: GraphBuilder,
  base: Value,
  indices: Value,
  updates: Value,
  reduction: 'none' | 'add',
): Value {
  if (base.shape.includes(0)) return base;
  const { sliceRank, numUpdates, sliceSize, strides } = backend_util.calculateShapes(
    infoOf(updates),
    infoOf(indices),
    [...base.shape],
  );
  const places = g.reshape(indices, [numUpdates, sliceRank]);
  const rows = reduce(g, 'ReduceSum', binary(g, 'Mul', places, g.constant(strides, 'int32')), [1]);
  const table = g.reshape(base, [sizeOf(base.shape) / sliceSize, sliceSize]);
  const size = updates.shape.length === 0 ? [1, 1] : [numUpdates, sliceSize];
  const slices = expand(g, g.reshape(updates, size), [numUpdates, sliceSize]);
  return g.reshape(scatterRows(g, table, rows, slices, reduction), base.shape);
}

/** What TensorFlow.js's shape helpers want to see of a value. */
function infoOf(value: Value): TensorInfo {
  return { dataId: {}, shape: [...value.shape], dtype: 'float32' };
}

defineKernel('ScatterNd', ({ g, inputs, attrs }: LoweringContext<{ shape: number[] }>) => {
  const { indices, updates } = inputs as { indices: Value; updates: Value };
  return scatterSlices(g, g.fill(0, updates.type, attrs.shape), indices, updates, 'add');
});

defineKernel('TensorScatterUpdate', ({ g, inputs }: LoweringContext) => {
  const { tensor, indices, updates } = inputs as { tensor: Value; indices: Value; updates: Value };
  return scatterSlices(g, tensor, indices, updates, 'none');
});

defineKernel('SparseToDense', ({ g, inputs, attrs }: LoweringContext<{ outputShape: number[] }>) => {
  const { sparseIndices, sparseValues, defaultValue } = inputs as Record<string, Value>;
  const background = expand(g, g.cast(defaultValue!, sparseValues!.type), attrs.outputShape);
  return scatterSlices(g, background, sparseIndices!, sparseValues!, 'none');
});

interface OneHotAttrs {
  depth: number;
  onValue: number;
  offValue: number;
  dtype: ElementType;
}

/** A new last axis with `onValue` where the index is; indices out of range leave only `offValue`. */
defineKernel('OneHot', ({ g, inputs, attrs }: LoweringContext<OneHotAttrs>) => {
  const indices = inputs.indices!;
  const { depth, onValue, offValue, dtype } = attrs;
  const isOn = compare(g, 'Equal', g.reshape(indices, [...indices.shape, 1]), iota(g, depth, 'int32'));
  if (onValue === 1 && offValue === 0) return g.cast(isOn, dtype);
  return select(g, isOn, scalar(g, onValue, dtype), scalar(g, offValue, dtype));
});
