import { add, matMul, reshape, type Tensor } from '@tensorflow/tfjs-core';

/**
 * A linear layer, y = x Wᵀ + b.
 *
 * @param x `[..., in]`
 * @param weight `[out, in]`, as in Hugging Face checkpoints
 * @param bias `[out]`
 * @returns `[..., out]`
 */
export function linear<T extends Tensor>(x: T, weight: Tensor, bias?: Tensor | null): T {
  const [outputs, inputs] = weight.shape as [number, number];
  if (x.shape.at(-1) !== inputs) {
    throw new Error(
      `linear: the last axis of x must be ${inputs}, as in weight [${weight.shape}], found x [${x.shape}]`,
    );
  }
  const rows = reshape(x, [x.size / inputs, inputs]);
  const product = matMul(rows, weight, false, true);
  const y = bias ? add(product, bias) : product;
  return reshape(y, [...x.shape.slice(0, -1), outputs]) as T;
}
