import { flatten, mean, sampleVariance } from './statistics.ts';

/**
 * Scales numbers to mean 0 and variance 1 over all tokens of all answers: `(x − mean) / sqrt(variance + 1e-8)`, with
 * the sample variance (n − 1). Numbers that are all equal become exactly 0.
 *
 * @param rows one array of tokens for each answer
 * @param shift false keeps the mean and only scales
 */
export function whiten(rows: readonly ArrayLike<number>[], { shift = true } = {}): Float32Array[] {
  const all = flatten(rows);
  const equal = all.every((value) => value === all[0]);
  const center = equal ? (all[0] ?? 0) : mean(all);
  const scale = 1 / Math.sqrt(sampleVariance(all) + 1e-8);
  return rows.map((row) =>
    Float32Array.from(row, (value) => {
      if (equal) return shift ? 0 : center;
      return (value - center) * scale + (shift ? 0 : center);
    }),
  );
}
