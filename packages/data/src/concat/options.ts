/** How clips become examples. */
export interface ConcatenationOptions {
  /**
   * `knapsack` (default): every example as near to `maximum` as the clips allow, at least `minimum` where they do.
   * `balanced`: as many examples in each bucket of `bucketSeconds` between 0 and `maximum` as in any other.
   */
  strategy?: 'knapsack' | 'balanced';
  /** Seconds that no example exceeds. Default 30. */
  maximum?: number;
  /** `knapsack`: seconds from which on an example counts as filled. Default 25. */
  minimum?: number;
  /** `balanced`: width of a bucket. Default 5. */
  bucketSeconds?: number;
  /** Seconds of silence between two clips. Default 0. */
  gap?: number;
  /** Share of examples that get silence of random length before and behind, within `maximum`. Default 0. */
  randomPadding?: number;
  /** What one example may mix. Clips of different languages or regions, or of different speakers, by default never. */
  across?: { languages?: boolean; speakers?: boolean };
  /** A clip longer than `maximum`: `error` (default), `skip` and count, or `alone` in an example of its own. */
  overlong?: 'error' | 'skip' | 'alone';
}

/** The options with their defaults, times in whole milliseconds. */
export interface ResolvedConcatenation {
  strategy: 'knapsack' | 'balanced';
  maximum: number;
  minimum: number;
  bucket: number;
  gap: number;
  randomPadding: number;
  acrossLanguages: boolean;
  acrossSpeakers: boolean;
  overlong: 'error' | 'skip' | 'alone';
}

/** @throws naming the option that is out of range */
export function resolveConcatenation(options: ConcatenationOptions = {}): ResolvedConcatenation {
  const { strategy = 'knapsack', maximum = 30, bucketSeconds = 5, gap = 0, randomPadding = 0 } = options;
  const minimum = options.minimum ?? (maximum * 5) / 6;
  if (strategy !== 'knapsack' && strategy !== 'balanced')
    throw new Error(`concatenation: strategy must be knapsack or balanced, found ${strategy}`);
  check('maximum', maximum, maximum > 0 && maximum <= 3600, 'in (0, 3600]');
  check('minimum', minimum, minimum >= 0 && minimum <= maximum, `in [0, ${maximum}]`);
  check('bucketSeconds', bucketSeconds, bucketSeconds > 0 && bucketSeconds <= maximum, `in (0, ${maximum}]`);
  check('gap', gap, gap >= 0 && gap < maximum, `in [0, ${maximum})`);
  check('randomPadding', randomPadding, randomPadding >= 0 && randomPadding <= 1, 'in [0, 1]');
  return {
    strategy,
    maximum: Math.round(maximum * 1000),
    minimum: Math.round(minimum * 1000),
    bucket: Math.round(bucketSeconds * 1000),
    gap: Math.round(gap * 1000),
    randomPadding,
    acrossLanguages: options.across?.languages ?? false,
    acrossSpeakers: options.across?.speakers ?? false,
    overlong: options.overlong ?? 'error',
  };
}

function check(name: string, value: number, ok: boolean, wanted: string): void {
  if (!ok) throw new Error(`concatenation: ${name} must be ${wanted}, found ${value}`);
}
