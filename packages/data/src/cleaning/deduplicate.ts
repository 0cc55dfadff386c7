import type { Dataset, Row } from '../dataset.ts';
import { permutation } from '../permutation.ts';
import { RowTable } from './row-table.ts';
import { hashText, shingles, words } from './words.ts';

/** What was kept. */
export interface DeduplicationResult<T> {
  /** The first of each set of rows that are alike, in their order. */
  kept: Dataset<T>;
  /** Rows left out, each with the row it is like. */
  duplicates: { row: number; of: number }[];
}

/** Gives the text by which rows are compared. Default: the column `text`, or else the whole row as JSON. */
export type TextOf<T> = (row: T) => string;

/**
 * Leaves out rows whose text came before, compared whole (a hash only finds candidates). Reads every row once, and
 * candidates once more; memory is some 16 bytes a row.
 */
export function deduplicate<T = Row>(
  dataset: Dataset<T>,
  textOf: TextOf<T> = defaultText,
): DeduplicationResult<T> {
  const table = new RowTable();
  return keepFirst(dataset, (row, index) => {
    const text = textOf(row);
    const key = hashText(text);
    for (const earlier of table.find(key)) if (textOf(dataset.at(earlier)) === text) return earlier;
    table.add(key, index);
    return undefined;
  });
}

/** How near-duplicates are found. */
export interface NearDuplicateOptions<T> {
  textOf?: TextOf<T>;
  /** Least Jaccard similarity of the sets of word runs of two texts that are alike. Default 0.8. */
  threshold?: number;
  /** Words of a run. Default 5. */
  shingle?: number;
  /** Hash functions: more find more of the pairs near the threshold. Default 128. */
  hashes?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * Leaves out rows whose text is nearly that of an earlier one, by MinHash (Broder 1997) with bands (Leskovec et al.,
 * "Mining of Massive Datasets", section 3.4). Bands find candidates, of which the true Jaccard similarity is computed:
 * nothing is left out that is not as similar as asked; near the threshold, a few pairs may go unseen.
 *
 * @throws when the threshold is not within 0 … 1
 */
export function deduplicateNear<T = Row>(
  dataset: Dataset<T>,
  {
    textOf = defaultText,
    threshold = 0.8,
    shingle = 5,
    hashes = 128,
    seed = 0,
  }: NearDuplicateOptions<T> = {},
): DeduplicationResult<T> {
  if (!(threshold > 0 && threshold <= 1))
    throw new Error(`deduplicate: threshold must be within 0 … 1, found ${threshold}`);
  const { bands, rows } = chooseBands(hashes, threshold);
  const minHash = minHasher(bands * rows, seed);
  const tables = Array.from({ length: bands }, () => new RowTable());
  const shinglesOf = (row: T) => new Set(shingles(words(textOf(row)), shingle));
  return keepFirst(dataset, (row, index) => {
    const own = shinglesOf(row);
    if (own.size === 0) return undefined;
    const signature = minHash(own);
    const keys = tables.map((_, band) => hashBand(signature.subarray(band * rows, (band + 1) * rows)));
    const seen = new Set<number>();
    for (const [band, table] of tables.entries()) {
      for (const earlier of table.find(keys[band]!)) {
        if (seen.has(earlier)) continue;
        seen.add(earlier);
        if (jaccard(own, shinglesOf(dataset.at(earlier))) >= threshold) return earlier;
      }
    }
    for (const [band, table] of tables.entries()) table.add(keys[band]!, index);
    return undefined;
  });
}

function keepFirst<T>(
  dataset: Dataset<T>,
  like: (row: T, index: number) => number | undefined,
): DeduplicationResult<T> {
  const kept: number[] = [];
  const duplicates: { row: number; of: number }[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const of = like(dataset.at(index), index);
    if (of === undefined) kept.push(index);
    else duplicates.push({ row: index, of });
  }
  return { kept: dataset.select(Float64Array.from(kept)), duplicates };
}

/**
 * A signature of the least value of each of `count` hash functions; the share of equal entries of two signatures
 * estimates their sets' Jaccard similarity.
 */
export function minHasher(count: number, seed: number): (set: ReadonlySet<number>) => Uint32Array {
  // Multiply, add and fold: odd factors make each a permutation of the 32-bit numbers.
  const draw = permutation(2 ** 32, seed);
  const factors = Uint32Array.from({ length: count }, (_, i) => draw(i) | 1);
  const addends = Uint32Array.from({ length: count }, (_, i) => draw(2 ** 31 + i));
  return (set) => {
    const signature = new Uint32Array(count).fill(0xffffffff);
    for (const value of set) {
      for (let i = 0; i < count; i++) {
        let h = Math.imul(value ^ (value >>> 15), factors[i]!) + addends[i]!;
        h = (h ^ (h >>> 16)) >>> 0;
        if (h < signature[i]!) signature[i] = h;
      }
    }
    return signature;
  };
}

/** Bands and rows a band whose curve rises nearest below the threshold: (1 / bands)^(1 / rows). */
function chooseBands(hashes: number, threshold: number): { bands: number; rows: number } {
  let best = { bands: hashes, rows: 1 };
  for (let rows = 1; rows <= hashes; rows++) {
    const bands = Math.floor(hashes / rows);
    // A pair at the threshold is to be found with 99%.
    if (1 - (1 - threshold ** rows) ** bands >= 0.99) best = { bands, rows };
  }
  return best;
}

function hashBand(values: Uint32Array): number {
  let h = values.length;
  for (const value of values) {
    h = Math.imul(h ^ value, 0xcc9e2d51);
    h = (h << 15) | (h >>> 17);
  }
  return (Math.imul(h ^ (h >>> 16), 0xc2b2ae35) ^ (h >>> 13)) >>> 0;
}

function jaccard(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let common = 0;
  for (const value of a) if (b.has(value)) common++;
  return common / (a.size + b.size - common);
}

function defaultText(row: unknown): string {
  const text = (row as Row).text;
  return typeof text === 'string' ? text : JSON.stringify(row);
}
