/** A mean with its 95% confidence interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** Standard normal quantile of 97.5%. */
const Z = 1.959963984540054;

/**
 * Wilson score interval of a proportion (E. B. Wilson 1927): honest near 0 and 1, where the usual ± is not.
 * @throws when there are no trials
 */
export function wilsonInterval(successes: number, trials: number): Estimate {
  if (trials < 1) throw new Error('an interval needs at least one value');
  const p = successes / trials;
  const scale = 1 / (1 + Z ** 2 / trials);
  const center = scale * (p + Z ** 2 / (2 * trials));
  const half = scale * Z * Math.sqrt((p * (1 - p)) / trials + Z ** 2 / (4 * trials ** 2));
  // At 0 and 1 the bound is exact; rounding must not put it beside the value.
  return {
    value: p,
    low: successes === 0 ? 0 : center - half,
    high: successes === trials ? 1 : center + half,
  };
}

/**
 * Percentile bootstrap interval of a mean (Efron 1979), the same for the same values and seed.
 * @param resamples default 2000
 */
export function bootstrapInterval(values: readonly number[], { seed = 0, resamples = 2000 } = {}): Estimate {
  if (values.length < 1) throw new Error('an interval needs at least one value');
  const random = mulberry32(seed);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)]!;
    return sum / values.length;
  }).sort();
  const at = (quantile: number) => means[Math.min(resamples - 1, Math.floor(quantile * resamples))]!;
  return { value: mean(values), low: at(0.025), high: at(0.975) };
}

/** Mean of values between 0 and 1 with its interval: Wilson's when all are 0 or 1, else by bootstrap. */
export function estimate(values: readonly number[]): Estimate {
  const sum = values.reduce((total, value) => total + value, 0);
  const binary = values.every((value) => value === 0 || value === 1);
  return binary ? wilsonInterval(sum, values.length) : bootstrapInterval(values);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Uniform numbers in [0, 1) from a 32-bit state. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
