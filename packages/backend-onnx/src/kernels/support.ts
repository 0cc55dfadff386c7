/** Pieces of graph that many lowerings share. */
import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { Attribute, ElementType, GraphBuilder, Value } from '../graph/types.ts';

/** An elementwise operator of one tensor that keeps type and shape. */
export function unary(
  g: GraphBuilder,
  opType: string,
  x: Value,
  attributes?: Record<string, Attribute>,
): Value {
  return g.op(opType, [x], x.type, x.shape, attributes);
}

/** An elementwise operator of two tensors of one type, which broadcast. */
export function binary(g: GraphBuilder, opType: string, a: Value, b: Value, type = a.type): Value {
  return g.op(opType, [a, b], type, broadcastShape(a, b));
}

/** A comparison of two tensors of one type, which broadcast. */
export function compare(g: GraphBuilder, opType: string, a: Value, b: Value): Value {
  return binary(g, opType, a, b, 'bool');
}

/** `a` where `condition` holds and `b` elsewhere; all three broadcast. ONNX Runtime selects no booleans: bytes do. */
export function select(g: GraphBuilder, condition: Value, a: Value, b: Value): Value {
  if (a.type === 'bool') {
    return g.cast(select(g, condition, g.cast(a, 'uint8'), g.cast(b, 'uint8')), 'bool');
  }
  return g.op('Where', [condition, a, b], a.type, broadcastShape(condition, a, b));
}

/** The shape to which tensors broadcast. */
export function broadcastShape(...values: Value[]): number[] {
  return values
    .map((value) => [...value.shape])
    .reduce((a, b) => broadcast_util.assertAndGetBroadcastShape(a, b));
}

/** A constant of shape `[]`. */
export function scalar(g: GraphBuilder, value: number, type: ElementType): Value {
  return g.constant([value], type, []);
}

/** `x`, or whole numbers 0 and 1 in place of booleans, with which ONNX does not calculate. */
export function numeric(g: GraphBuilder, x: Value): Value {
  return x.type === 'bool' ? g.cast(x, 'int32') : x;
}

/** Ascending whole numbers `start`, `start + 1`, ... as a vector. Long ones are computed when the graph runs. */
export function iota(g: GraphBuilder, count: number, type: ElementType, start = 0): Value {
  if (count <= 1024) {
    const numbers = Array.from({ length: count }, (_, i) => start + i);
    return g.constant(numbers, type, [count]);
  }
  const bounds = [start, start + count, 1].map((value) => scalar(g, value, 'int64'));
  return g.cast(g.op('Range', bounds, 'int64', [count]), type);
}

/** Elements `begin` (inclusive) to `end` (exclusive) of some axes, every `step`-th one. */
export function slice(
  g: GraphBuilder,
  x: Value,
  axes: readonly number[],
  begin: readonly number[],
  end: readonly number[],
  step: readonly number[] = axes.map(() => 1),
): Value {
  const shape = [...x.shape];
  axes.forEach((axis, i) => {
    shape[axis] = Math.max(0, Math.ceil((end[i]! - begin[i]!) / step[i]!));
  });
  if (util.arraysEqual(shape, [...x.shape]) && step.every((s) => s === 1)) return x;
  // ONNX counts negative bounds from the end, so that "before the first element" must lie further out.
  const ends = end.map((e, i) => (e < 0 ? -x.shape[axes[i]!]! - 1 : e));
  const operands = [begin, ends, axes, step].map((list) => g.constant(list, 'int64'));
  return g.op('Slice', [x, ...operands], x.type, shape);
}

/** Reorders the axes; for free when only axes of extent 1 move. */
export function transpose(g: GraphBuilder, x: Value, perm: readonly number[]): Value {
  const moving = perm.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) return g.reshape(x, pick(x.shape, perm));
  return g.op('Transpose', [x], x.type, pick(x.shape, perm), { perm });
}

export function concat(g: GraphBuilder, parts: readonly Value[], axis: number): Value {
  if (parts.length === 1) return parts[0]!;
  const shape = [...parts[0]!.shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  return g.op('Concat', parts, parts[0]!.type, shape, { axis });
}

export function expand(g: GraphBuilder, x: Value, shape: readonly number[]): Value {
  if (util.arraysEqual([...x.shape], [...shape])) return x;
  return g.op('Expand', [x, g.constant(shape, 'int64')], x.type, shape);
}

/** Pads every axis with `value`, `[before, after]` elements each. */
export function pad(
  g: GraphBuilder,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  value = 0,
): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const amounts = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
  const shape = x.shape.map((extent, i) => extent + paddings[i]![0] + paddings[i]![1]);
  return g.op('Pad', [x, g.constant(amounts, 'int64'), scalar(g, value, x.type)], x.type, shape);
}

/** Multiplies with a factor per element of one axis. */
export function along(g: GraphBuilder, x: Value, axis: number, factors: readonly number[]): Value {
  const shape = x.shape.map((_, i) => (i === axis ? factors.length : 1));
  return binary(g, 'Mul', x, g.constant(factors, 'float32', shape));
}

/** `x` with `value` in place of every NaN. */
export function dropNaNs(g: GraphBuilder, x: Value, value: number): Value {
  if (x.type !== 'float32') return x;
  return select(g, g.op('IsNaN', [x], 'bool', x.shape), scalar(g, value, x.type), x);
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The entries of `list` at `indices`. */
export function pick<T>(list: readonly T[], indices: readonly number[]): T[] {
  return indices.map((i) => list[i]!);
}

/** The axes of a reduction: every axis when none is given, never negative. */
export function parseAxes(axis: number | readonly number[] | null | undefined, shape: readonly number[]) {
  return util.parseAxisParam((axis ?? shape.map((_, i) => i)) as number[], [...shape]);
}

/** One axis, never negative. */
export function parseAxis(axis: number, shape: readonly number[]): number {
  return parseAxes(axis, shape)[0]!;
}
