/** Gradients of the matrix product. */
import { matMul, type Tensor } from '@tensorflow/tfjs-core';
import { register, unbroadcast } from './shared.ts';

register<{ transposeA: boolean; transposeB: boolean }>('BatchMatMul', {
  save: ['a', 'b'],
  // With op(x) = x or xᵀ: d op(a) = dy · op(b)ᵀ and d op(b) = op(a)ᵀ · dy; a transposed input gets the transpose.
  gradient: (dy, [a, b], { transposeA, transposeB }) => ({
    a: () => {
      const da = transposeA ? matMul(b!, dy, transposeB, true) : matMul(dy, b!, false, !transposeB);
      return sumBatches(da, a!);
    },
    b: () => {
      const db = transposeB ? matMul(dy, a!, true, transposeA) : matMul(a!, dy, !transposeA, false);
      return sumBatches(db, b!);
    },
  }),
});

/** Batch axes broadcast like elementwise operands do. */
const sumBatches = (gradient: Tensor, input: Tensor) => unbroadcast(gradient, input.shape);
