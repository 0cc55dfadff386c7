import { add, mean, mul, rsqrt, square, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Root-mean-square normalisation over the last axis, x / √(mean(x²) + eps) · weight
 * (Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4).
 *
 * @param x `[..., d]`
 * @param weight `[d]`
 * @param eps added to the mean square, default 1e-6
 * @returns `[..., d]`
 */
export function rmsNorm<T extends Tensor>(x: T, weight: Tensor, eps = 1e-6): T {
  const inverse = rsqrt(add(mean(square(x), -1, true), eps));
  return mul(mul(x, inverse), weight);
}
