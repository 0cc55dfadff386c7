import type { RewardRow } from '../reward.ts';

/** Lowest and highest score. */
export type ClipRange = readonly [low: number, high: number];

/** Scores within a range. @throws when the range is empty */
export function clip(values: Float32Array, range?: ClipRange): Float32Array {
  if (!range) return values;
  const [low, high] = range;
  if (!(low <= high))
    throw new Error(`clip: the low end must not be above the high end, found ${low}, ${high}`);
  return values.map((value) => Math.min(high, Math.max(low, value)));
}

/**
 * Standardises scores within their domain: minus the mean of the batch's scores of that domain, divided by their standard
 * deviation (of the population). It keeps no state, so the same batch always gives the same result. A domain whose scores
 * are all the same becomes 0.
 *
 * @param column column of the row that names the domain; rows without it are one domain
 * @param raw the scores as they were given; those that are NaN count for no mean. Default: `values`
 */
export function standardize(
  values: Float32Array,
  rows: readonly RewardRow[],
  column: string,
  raw: Float32Array = values,
): Float32Array {
  const places = new Map<string, number[]>();
  for (const [i, row] of rows.entries()) {
    const domain = String(row[column] ?? '');
    places.set(domain, [...(places.get(domain) ?? []), i]);
  }
  const result = new Float32Array(values.length);
  for (const own of places.values()) {
    const known = own.filter((i) => !Number.isNaN(raw[i]!)).map((i) => raw[i]!);
    const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
    const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
    // Less than what float32 can tell apart is no spread.
    const deviation = Math.sqrt(variance) > 1e-6 * Math.max(1, Math.abs(mean)) ? Math.sqrt(variance) : 0;
    for (const i of own)
      result[i] = deviation && !Number.isNaN(raw[i]!) ? (values[i]! - mean) / deviation : 0;
  }
  return result;
}
