import { add, erf, mul, sigmoid, type Tensor, tanh } from '@tensorflow/tfjs-core';

/**
 * The gate of a SwiGLU feed-forward layer, silu(gate) · up with silu(x) = x · σ(x)
 * (Shazeer 2020, "GLU Variants Improve Transformer", equation 6).
 *
 * @param gate `[...]`
 * @param up the same shape
 * @returns the same shape
 */
export function swiglu<T extends Tensor>(gate: T, up: T): T {
  return mul(mul(gate, sigmoid(gate)), up);
}

/**
 * The gate of a GeGLU feed-forward layer, gelu(gate) · up (Shazeer 2020, equation 6).
 *
 * @param gate `[...]`
 * @param up the same shape
 * @param approximate `'none'` for x · Φ(x), the default; `'tanh'` for the approximation that Gemma uses
 * @returns the same shape
 */
export function geglu<T extends Tensor>(gate: T, up: T, approximate: 'none' | 'tanh' = 'none'): T {
  return mul(gelu(gate, approximate), up);
}

/**
 * The Gaussian error linear unit, x · Φ(x) (Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2).
 *
 * @param x `[...]`
 * @param approximate `'none'`, the default, or `'tanh'`: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
 * @returns the same shape
 */
export function gelu<T extends Tensor>(x: T, approximate: 'none' | 'tanh' = 'none'): T {
  const inner =
    approximate === 'tanh'
      ? tanh(mul(mul(x, add(mul(mul(x, x), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
      : erf(mul(x, Math.SQRT1_2));
  return mul(mul(x, 0.5), add(inner, 1));
}
