import { isMask, isPerToken, lastPart, type SampleExample, type SampleValue } from './sample-batch.ts';

/** Numbers that padding holds in turn; they must not matter. */
const JUNK = [-7, -123, -0.5];

function mapFields(
  example: SampleExample,
  edit: (path: string, value: SampleValue) => SampleValue,
): SampleExample {
  return Object.fromEntries(Object.entries(example).map(([path, value]) => [path, edit(path, value)]));
}

/** The example with three more places of padding that hold arbitrary numbers. */
export function pad(example: SampleExample): SampleExample {
  return mapFields(example, (path, value) => {
    if (!isPerToken(path, value)) return value;
    if (isMask(path) || lastPart(path) === 'labels') return [...(value as number[]), 0, 0, 0];
    const first = (value as number[][])[0];
    const places = Array.isArray(first) ? JUNK.map((junk) => first.map((_, i) => junk * (i + 1))) : JUNK;
    return [...(value as number[]), ...(places as number[])];
  });
}

/**
 * A padded example's gradients without the padding's.
 * @throws when these are not 0
 */
export function unpad(algorithm: string, gradients: SampleExample): SampleExample {
  return mapFields(gradients, (path, value) => {
    if (!isPerToken(path, value)) return value;
    const places = value as (number | number[])[];
    if (([places.slice(-JUNK.length)].flat(2) as number[]).some((g) => g !== 0))
      throw new Error(`${algorithm}: padding has a gradient of ${path}; multiply by mask`);
    return places.slice(0, -JUNK.length) as SampleValue;
  });
}

/** The example as a row that only fills up a batch: no token counts. */
export function blank(example: SampleExample): SampleExample {
  return mapFields(example, (path, value) => (isMask(path) ? (value as number[]).map(() => 0) : value));
}

/** The example with equal annotations, whatever they are. */
export function tie(example: SampleExample): SampleExample {
  return mapFields(example, (path, value) => {
    const name = lastPart(path);
    if (name === 'ratings') return (value as number[]).map(() => 1);
    if (name === 'margins') return 0;
    return name === 'advantages' ? (value as number[]).map(() => 0) : value;
  });
}
