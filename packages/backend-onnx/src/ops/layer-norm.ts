import { add, mean, mul, rsqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Layer normalisation over the last axis, (x − mean) / √(variance + eps) · weight + bias
 * (Ba, Kiros and Hinton 2016, "Layer Normalization", equation 4).
 *
 * @param x `[..., d]`
 * @param weight `[d]`
 * @param bias `[d]`
 * @param eps added to the variance, default 1e-5
 * @returns `[..., d]`
 */
export function layerNorm<T extends Tensor>(x: T, weight: Tensor, bias?: Tensor | null, eps = 1e-5): T {
  const centered = sub(x, mean(x, -1, true));
  const inverse = rsqrt(add(mean(square(centered), -1, true), eps));
  const y = mul(mul(centered, inverse), weight);
  return (bias ? add(y, bias) : y) as T;
}
