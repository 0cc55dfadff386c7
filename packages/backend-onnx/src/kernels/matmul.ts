/** Matrix products. */
import { backend_util, broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { activate } from './activation.ts';
import { nativeProduct } from './native-product.ts';
import { defineKernel } from './registry.ts';
import { binary, numeric, transpose } from './support.ts';

interface MatMulAttrs {
  transposeA: boolean;
  transposeB: boolean;
}

/** `[..., m, k] × [..., k, n] → [..., m, n]`, either side transposed on request; leading axes broadcast. */
export function matMul(g: GraphBuilder, a: Value, b: Value, transA = false, transB = false): Value {
  const inner = [a.shape.at(transA ? -2 : -1), b.shape.at(transB ? -1 : -2)];
  util.assert(
    a.shape.length >= 2 && b.shape.length >= 2 && inner[0] === inner[1],
    () =>
      `matMul: the inner dimensions must be equal, found ${inner[0]} and ${inner[1]}: ` +
      `[${a.shape}] × [${b.shape}], transposed: ${transA} and ${transB}`,
  );
  const m = a.shape.at(transA ? -1 : -2)!;
  const n = b.shape.at(transB ? -2 : -1)!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, m, n];
  // Nothing to add up.
  if (a.shape.includes(0) || b.shape.includes(0)) return g.fill(0, a.type, shape);
  const native = nativeProduct(g, a, b, transA, transB, shape);
  if (native) return native;
  if (!transA && !transB) return g.op('MatMul', [a, b], a.type, shape);
  if (a.type !== 'float32') return matMul(g, transA ? flip(g, a) : a, transB ? flip(g, b) : b);
  if (batch.length === 0 && !transA && transB && isFewRows(m, n))
    return flip(g, fused(g, b, a, false, true, [n, m]));
  return fused(g, a, b, transA, transB, shape);
}

function fused(
  g: GraphBuilder,
  a: Value,
  b: Value,
  transA: boolean,
  transB: boolean,
  shape: number[],
): Value {
  const flags = { transA: Number(transA), transB: Number(transB) };
  return g.op('FusedMatMul', [a, b], a.type, shape, flags, 'com.microsoft');
}

/**
 * Whether a × bᵀ looks like a decoding step: some rows through a large weight. ONNX Runtime copies its second operand into
 * panels before it multiplies, which is most of the work then; as (b × aᵀ)ᵀ, 8 rows take a fifth and 16 rows a third
 * less. A single row is a matrix-vector product, which copies nothing.
 */
function isFewRows(rows: number, columns: number): boolean {
  return rows >= 4 && rows <= 16 && columns >= 8 * rows;
}

/** Exchanges the last two axes. */
function flip(g: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  const leading = x.shape.slice(2).map((_, axis) => axis);
  return transpose(g, x, [...leading, rank - 1, rank - 2]);
}

defineKernel('BatchMatMul', ({ g, inputs, attrs }: LoweringContext<MatMulAttrs>) =>
  matMul(g, numeric(g, inputs.a!), numeric(g, inputs.b!), attrs.transposeA, attrs.transposeB),
);

interface FusedMatMulAttrs extends MatMulAttrs {
  activation?: string;
  leakyreluAlpha?: number;
}

/** Matrix product, bias and activation; ONNX Runtime fuses what it can. */
defineKernel('_FusedMatMul', ({ g, inputs, attrs }: LoweringContext<FusedMatMulAttrs>) => {
  const { a, b, bias, preluActivationWeights } = inputs as Record<string, Value>;
  const product = matMul(g, a!, b!, attrs.transposeA, attrs.transposeB);
  const sum = bias ? binary(g, 'Add', product, bias) : product;
  return activate(g, sum, attrs.activation, preluActivationWeights, attrs.leakyreluAlpha);
});

defineKernel('Einsum', ({ g, inputs, infos, attrs }: LoweringContext<{ equation: string }>) => {
  const tensors = Object.values(infos);
  const { allDims, idDims } = backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
  const equation = attrs.equation.replace(/\s/g, '');
  const [terms, result] = equation.split('->') as [string, string];
  const extents = extentsOf(terms.split(','), tensors);
  const shape = [...result].map((letter) => extents.get(letter)!);
  const operands = Object.values(inputs);
  return g.op('Einsum', operands, operands[0]!.type, shape, { equation });
});

function extentsOf(terms: string[], tensors: TensorInfo[]): Map<string, number> {
  return new Map(
    terms.flatMap((term, i) => [...term].map((letter, axis) => [letter, tensors[i]!.shape[axis]!] as const)),
  );
}
