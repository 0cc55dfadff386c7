/** The least power of two that is at least `n`: shapes are rounded up to it, so that few are ever compiled. */
export function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)));
}
