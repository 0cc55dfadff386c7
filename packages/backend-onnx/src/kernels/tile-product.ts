/** Products of float32 on Intel's unit for tiles (AMX), by our own operator `MatMul` (`native/src/tiles.h`). */
import type { GraphBuilder, Value } from '../graph/types.ts';

/** Below these the packing of operands into tiles takes longer than it saves. */
const MIN_ROWS = 96;
const MIN_COLUMNS = 32;
const MIN_DEPTH = 32;

/**
 * Whether the operator takes this product, and is worth it.
 * @param a `[..., m, k]`; `[k, m]` where transposed
 * @param b a matrix, not a batch of them
 * @param m rows and `n` columns of the result, of one matrix
 */
export function suitsTiles(
  g: GraphBuilder,
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
): boolean {
  if (g.native !== 'amx' || a.type !== 'float32' || b.type !== 'float32') return false;
  if (b.shape.length !== 2 || (transposeA && a.shape.length !== 2)) return false;
  const rows = a.shape.slice(0, -2).reduce((total, size) => total * size, m);
  const depth = b.shape[transposeB ? 1 : 0]!;
  return rows >= MIN_ROWS && n >= MIN_COLUMNS && depth >= MIN_DEPTH;
}

/** The product as one node. @param shape of the result */
export function tileProduct(
  g: GraphBuilder,
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  shape: readonly number[],
): Value {
  const attributes = { transA: { f: Number(transposeA) }, transB: { f: Number(transposeB) } };
  return g.op('MatMul', [a, b], 'float32', shape, attributes, 'attune');
}
