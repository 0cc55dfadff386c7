/**
 * How changes of the same parameters become one.
 * - `linear`: their weighted sum (task arithmetic, arXiv 2212.04089).
 * - `ties`: of each change the largest values alone; at each place the sign that has the larger sum; the mean of the
 *   weighted values of that sign (TIES, arXiv 2306.01708).
 */
export type MergeMethod = 'linear' | 'ties';

/** How `mergeDeltas` merges. */
export interface MergeOptions {
  /** Default: `ties`. */
  method?: MergeMethod;
  /** Weight of each change; default: 1 each. */
  weights?: readonly number[];
  /** Share of each tensor's values that `ties` keeps, above 0, at most 1; default 0.5. */
  density?: number;
}

/**
 * Merges changes to a model (PAFT: the supervised and the preference adapter's), tensor by tensor.
 *
 * @param deltas for each training, its changes by parameter name; a name that one lacks is a change of 0
 * @returns the merged change by name
 * @throws when there is nothing to merge, lengths or the number of weights differ, or the density is out of range
 */
export function mergeDeltas(
  deltas: readonly Record<string, Float32Array>[],
  { method = 'ties', weights = deltas.map(() => 1), density = 0.5 }: MergeOptions = {},
): Record<string, Float32Array> {
  if (deltas.length === 0) throw new Error('mergeDeltas: nothing to merge, found no changes');
  if (weights.length !== deltas.length)
    throw new Error(`mergeDeltas: ${deltas.length} changes need as many weights, found ${weights.length}`);
  if (!(density > 0 && density <= 1))
    throw new Error(`mergeDeltas: density must be above 0 and at most 1, found ${density}`);
  const names = [...new Set(deltas.flatMap((delta) => Object.keys(delta)))];
  return Object.fromEntries(
    names.map((name) => {
      const present = deltas.flatMap((delta, i) =>
        delta[name] ? [{ values: delta[name], weight: weights[i]! }] : [],
      );
      const [first] = present;
      const odd = present.find(({ values }) => values.length !== first!.values.length);
      if (odd)
        throw new Error(
          `mergeDeltas: ${name} has ${first!.values.length} values in one change and ${odd.values.length} in another`,
        );
      return [name, method === 'linear' ? sum(present) : ties(present, density)];
    }),
  );
}

interface Weighted {
  values: Float32Array;
  weight: number;
}

function sum(changes: Weighted[]): Float32Array {
  return changes[0]!.values.map((_, at) =>
    changes.reduce((total, { values, weight }) => total + weight * values[at]!, 0),
  );
}

function ties(changes: Weighted[], density: number): Float32Array {
  const trimmed = changes.map(({ values, weight }) => ({ values: trim(values, density), weight }));
  return changes[0]!.values.map((_, at) => {
    const total = trimmed.reduce((value, { values }) => value + values[at]!, 0);
    const agreeing = trimmed.filter(({ values }) => (total >= 0 ? values[at]! > 0 : values[at]! < 0));
    const merged = agreeing.reduce((value, { values, weight }) => value + weight * values[at]!, 0);
    return merged / Math.max(1, agreeing.length);
  });
}

/** The largest values by magnitude, all others 0; of equals the earlier ones. */
function trim(values: Float32Array, density: number): Float32Array {
  const kept = Math.floor(density * values.length);
  const order = Array.from(values.keys()).sort(
    (a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b,
  );
  const out = new Float32Array(values.length);
  for (const at of order.slice(0, kept)) out[at] = values[at]!;
  return out;
}

/** One LoRA adapter of a weight: its change is `scale · b a`. */
export interface LoraPair {
  /** `[rank, in]`, row-major. */
  a: Float32Array;
  /** `[out, rank]`, row-major. */
  b: Float32Array;
  rank: number;
  /** alpha / rank. */
  scale: number;
}

/**
 * Two or more LoRA adapters of one weight as a single one of the sum of their ranks, whose change, at scale 1, is exactly
 * the weighted sum of theirs.
 *
 * @throws when the adapters are of weights of different sizes
 */
export function concatenateLora(
  adapters: readonly LoraPair[],
  weights: readonly number[] = adapters.map(() => 1),
): LoraPair {
  const rank = adapters.reduce((total, adapter) => total + adapter.rank, 0);
  const [first] = adapters;
  if (!first) throw new Error('concatenateLora: nothing to merge, found no adapters');
  const inputs = first.a.length / first.rank;
  const outputs = first.b.length / first.rank;
  const a = new Float32Array(rank * inputs);
  const b = new Float32Array(outputs * rank);
  let at = 0;
  for (const [i, adapter] of adapters.entries()) {
    if (adapter.a.length / adapter.rank !== inputs || adapter.b.length / adapter.rank !== outputs)
      throw new Error(
        `concatenateLora: adapter ${i} is of a weight [${adapter.b.length / adapter.rank}, ` +
          `${adapter.a.length / adapter.rank}], the first of [${outputs}, ${inputs}]`,
      );
    a.set(adapter.a, at * inputs);
    for (let row = 0; row < outputs; row++)
      for (let r = 0; r < adapter.rank; r++)
        b[row * rank + at + r] = adapter.b[row * adapter.rank + r]! * adapter.scale * weights[i]!;
    at += adapter.rank;
  }
  return { a, b, rank, scale: 1 };
}
