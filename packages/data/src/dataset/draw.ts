import { mix } from '../permutation.ts';

/** How datasets or streams are mixed. */
export interface InterleaveOptions {
  /** How often each is drawn from, in any unit. Default: equally often. */
  weights?: readonly number[];
  /**
   * Flattens the weights: they are raised to 1 / temperature (Conneau et al. 2020 write α = 1 / temperature). 1 leaves
   * them, larger values draw small sources more often. Default 1.
   */
  temperature?: number;
  /** Default 0. */
  seed?: number;
  /** End with the `first` source that ends, or go on with the others until `all` have (default). */
  until?: 'first' | 'all';
}

/** @throws when the weights are not one positive number a source, or the temperature not positive */
export function sharesOf(
  count: number,
  { weights = new Array(count).fill(1), temperature = 1 }: InterleaveOptions,
): number[] {
  if (weights.length !== count || !weights.every((weight) => weight > 0 && Number.isFinite(weight)))
    throw new Error(`interleave: weights must be ${count} numbers > 0, found ${JSON.stringify(weights)}`);
  if (!(temperature > 0)) throw new Error(`interleave: temperature must be > 0, found ${temperature}`);
  return weights.map((weight) => weight ** (1 / temperature));
}

/** The source that draw number `step` falls on, among those that have not ended. */
export function drawSource(
  shares: readonly number[],
  ended: readonly boolean[],
  seed: number,
  step: number,
): number {
  let total = 0;
  for (const [i, share] of shares.entries()) if (!ended[i]) total += share;
  let at = (mix(mix(0x1ee7, seed), step) / 2 ** 32) * total;
  let last = -1;
  for (const [i, share] of shares.entries()) {
    if (ended[i]) continue;
    last = i;
    at -= share;
    if (at < 0) return i;
  }
  return last;
}

/**
 * All draws from sources of known lengths.
 * @returns for each draw the source and the row in it
 */
export function drawRows(
  lengths: readonly number[],
  options: InterleaveOptions,
): { source: Uint8Array; row: Uint32Array } {
  if (lengths.length > 256) throw new Error(`interleave: at most 256 datasets, found ${lengths.length}`);
  const shares = sharesOf(lengths.length, options);
  const { seed = 0, until = 'all' } = options;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const source = new Uint8Array(total);
  const row = new Uint32Array(total);
  const given = lengths.map(() => 0);
  const ended = lengths.map(() => false);
  let count = 0;
  while (count < total && !ended.every(Boolean)) {
    const which = drawSource(shares, ended, seed, count);
    if (given[which] === lengths[which]) {
      if (until === 'first') break;
      ended[which] = true;
      continue;
    }
    source[count] = which;
    row[count++] = given[which]!++;
  }
  return { source: source.subarray(0, count), row: row.subarray(0, count) };
}
