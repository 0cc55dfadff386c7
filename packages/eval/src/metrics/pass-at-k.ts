/**
 * Unbiased estimate of pass@k: the probability that at least one of k samples is right, from n samples of which c
 * are: `1 − C(n − c, k) / C(n, k)` (Chen et al. 2021, arXiv 2107.03374, eq. 1), as a product that cannot overflow.
 *
 * @throws when k is more than n, or c is not between 0 and n
 */
export function passAtK(n: number, c: number, k: number): number {
  if (!(Number.isInteger(k) && k >= 1 && k <= n))
    throw new Error(`pass@k: k must be an integer from 1 to the number of samples ${n}, found ${k}`);
  if (!(Number.isInteger(c) && c >= 0 && c <= n))
    throw new Error(`pass@k: the right samples must number 0 to ${n}, found ${c}`);
  if (n - c < k) return 1;
  let allWrong = 1;
  for (let i = n - c + 1; i <= n; i++) allWrong *= 1 - k / i;
  return 1 - allWrong;
}
