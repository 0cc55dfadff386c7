import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { Attribute, ElementType, GraphBuilder, Value } from '../graph/types.ts';
import { nativeProduct } from '../kernels/native-product.ts';

/** How a matrix product reads its operands: `alpha` · op(a) · op(b). */
export interface MatMulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
  alpha?: number;
}

/** Short names for the nodes that lowerings are made of. Shapes follow from the operands. */
export class Nodes {
  readonly g: GraphBuilder;

  constructor(g: GraphBuilder) {
    this.g = g;
  }

  add = (a: Value, b: Value | number) => this.#binary('Add', a, b);
  sub = (a: Value, b: Value | number) => this.#binary('Sub', a, b);
  mul = (a: Value, b: Value | number) => this.#binary('Mul', a, b);
  div = (a: Value, b: Value | number) => this.#binary('Div', a, b);

  neg = (x: Value) => this.like('Neg', x);
  exp = (x: Value) => this.like('Exp', x);
  sqrt = (x: Value) => this.like('Sqrt', x);
  sigmoid = (x: Value) => this.like('Sigmoid', x);
  tanh = (x: Value) => this.like('Tanh', x);
  softmax = (x: Value) => this.like('Softmax', x, { axis: -1 });
  logSoftmax = (x: Value) => this.like('LogSoftmax', x, { axis: -1 });

  /** A function of one argument that keeps type and shape. */
  like(opType: string, x: Value, attributes: Record<string, Attribute> = {}, domain = ''): Value {
    return this.g.op(opType, [x], x.type, x.shape, attributes, domain);
  }

  /** A scalar constant. */
  number(value: number, type: ElementType = 'float32'): Value {
    return this.g.constant([value], type, []);
  }

  /** `[..., m, k] × [..., k, n]`, leading axes broadcast. */
  matMul(
    a: Value,
    b: Value,
    { transposeA = false, transposeB = false, alpha = 1 }: MatMulOptions = {},
  ): Value {
    const m = a.shape.at(transposeA ? -1 : -2)!;
    const n = b.shape.at(transposeB ? -2 : -1)!;
    const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, m, n];
    const native = alpha === 1 ? nativeProduct(this.g, a, b, transposeA, transposeB, shape) : null;
    if (native) return native;
    if (!transposeA && !transposeB && alpha === 1) return this.g.op('MatMul', [a, b], a.type, shape);
    const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { f: alpha } };
    return this.g.op('FusedMatMul', [a, b], a.type, shape, attributes, 'com.microsoft');
  }

  /** A reduction over one axis, which stays with size 1. */
  reduce(opType: 'ReduceSum' | 'ReduceMean' | 'ReduceMax', x: Value, axis: number): Value {
    const at = axis < 0 ? axis + x.shape.length : axis;
    const shape = x.shape.map((size, i) => (i === at ? 1 : size));
    return this.g.op(opType, [x, this.g.constant([at], 'int64')], x.type, shape, { keepdims: 1 });
  }

  /** Elements `begin` to `end`, exclusive, of one axis. */
  slice(x: Value, axis: number, begin: number, end: number): Value {
    if (begin === 0 && end === x.shape[axis]) return x;
    const shape = x.shape.map((size, i) => (i === axis ? end - begin : size));
    const index = (i: number) => this.g.constant([i], 'int64');
    return this.g.op('Slice', [x, index(begin), index(end), index(axis)], x.type, shape);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts as [Value];
    if (parts.length === 1) return first;
    const shape = first.shape.map((size, i) =>
      i === axis ? parts.reduce((total, part) => total + part.shape[axis]!, 0) : size,
    );
    return this.g.op('Concat', parts, first.type, shape, { axis });
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.g.op(
      'Transpose',
      [x],
      x.type,
      perm.map((axis) => x.shape[axis]!),
      { perm },
    );
  }

  /** Rows of x summed: `[rows, d]` → `[d]`, by a matrix product, which is faster than a reduction over the first axis. */
  sumRows(x: Value): Value {
    const [rows, d] = x.shape as [number, number];
    return this.g.reshape(this.matMul(this.g.fill(1, 'float32', [1, rows]), x), [d]);
  }

  /**
   * One of our own operators (`native/src`); only where the graph may hold them.
   * @param like an output for each of these, with its type and shape
   * @param attributes floats all
   */
  native<L extends readonly Value[]>(
    opType: string,
    inputs: readonly Value[],
    like: readonly [...L],
    attributes: Record<string, number> = {},
  ): { -readonly [K in keyof L]: Value } {
    const floats = Object.fromEntries(Object.entries(attributes).map(([name, f]) => [name, { f }]));
    const outputs = like.map(({ type, shape }) => ({ type, shape }));
    return this.g.multi(opType, inputs, outputs, floats, 'attune') as { -readonly [K in keyof L]: Value };
  }

  reshape = (x: Value, shape: readonly number[]) => this.g.reshape(x, shape);

  #binary(opType: string, a: Value, b: Value | number): Value {
    const right = typeof b === 'number' ? this.number(b, a.type) : b;
    const shape = util.arraysEqual([...a.shape], [...right.shape])
      ? a.shape
      : broadcast_util.assertAndGetBroadcastShape([...a.shape], [...right.shape]);
    return this.g.op(opType, [a, right], a.type, shape);
  }
}
