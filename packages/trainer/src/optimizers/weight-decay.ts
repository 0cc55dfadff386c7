/**
 * Whether weight decay applies to a parameter: to matrices, not to norms and biases, which are vectors.
 * Shrinking those to zero would disable them without making the model simpler.
 */
export function decays(param: { shape: readonly number[] }): boolean {
  return param.shape.length >= 2;
}
