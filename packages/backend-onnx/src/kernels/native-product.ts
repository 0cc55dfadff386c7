/**
 * Products of float32 by operators of our own, where they are faster than ONNX Runtime's: on Intel's unit for tiles
 * (`native/src/tile-product.h`), and on processors with AVX2 (`native/src/vector-product.h`).
 */
import type { GraphBuilder, Value } from '../graph/types.ts';

/** An operator, and the least product for which packing the operands takes less time than it saves. */
interface Operator {
  name: 'MatMul' | 'TileMatMul';
  rows: number;
  columns: number;
  depth: number;
}

const TILES: Operator = { name: 'TileMatMul', rows: 96, columns: 32, depth: 32 };
const VECTORS: Operator = { name: 'MatMul', rows: 24, columns: 16, depth: 16 };

/**
 * The product as one node, or null where ONNX Runtime's operator is as good or no other takes it.
 * @param a `[..., m, k]`; `[k, m]` where transposed
 * @param b a matrix, not a batch of them
 * @param shape of the result
 */
export function nativeProduct(
  g: GraphBuilder,
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  shape: readonly number[],
): Value | null {
  const operator = g.native === 'amx' ? TILES : g.native === 'avx2' ? VECTORS : null;
  if (!operator || a.type !== 'float32' || b.type !== 'float32') return null;
  if (b.shape.length !== 2 || (transposeA && a.shape.length !== 2)) return null;
  const columns = shape.at(-1)!;
  const rows = shape.slice(0, -1).reduce((total, size) => total * size, 1);
  const depth = b.shape[transposeB ? 1 : 0]!;
  if (rows < operator.rows || columns < operator.columns || depth < operator.depth) return null;
  const attributes = { transA: { f: Number(transposeA) }, transB: { f: Number(transposeB) } };
  return g.op(operator.name, [a, b], 'float32', shape, attributes, 'attune');
}
