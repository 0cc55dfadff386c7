/** Bins of an octave: a quantile is off by at most half a bin, 2.2%. */
const PER_OCTAVE = 16;

/** Whole numbers below this have a bin each. */
const EXACT = 32;

/** Bins of values that are not whole. */
const LINEAR = 16;

/** Values from `from` up to but without `to`. */
export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Counts values ≥ 0 in bins that grow with the value: a few hundred numbers, whatever the amount of data. */
export class Histogram {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  /** Whether every value was a whole number. */
  whole = true;
  /** A value in the middle of each bin → its count. */
  readonly #bins = new Map<number, number>();

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.whole &&= Number.isInteger(value);
    const middle = middleOf(value);
    this.#bins.set(middle, (this.#bins.get(middle) ?? 0) + 1);
  }

  get mean(): number {
    return this.sum / this.count;
  }

  /** The value below which a share of the values is, to within 2.2%. */
  quantile(share: number): number {
    let left = share * this.count;
    for (const [middle, count] of [...this.#bins].sort((a, b) => a[0] - b[0])) {
      left -= count;
      if (left <= 0) return Math.min(this.max, Math.max(this.min, middle));
    }
    return this.max;
  }

  /**
   * Counts between edges that double, each octave in `parts`; of values that are not whole, between even ones.
   * @returns bins from the least value to the greatest
   */
  bins(parts: 1 | 2 | 4): Bin[] {
    if (this.count === 0) return [];
    const edges = this.whole ? this.#doubling(parts) : this.#even();
    const result = edges.slice(0, -1).map((from, i): Bin => ({ from, to: edges[i + 1]!, count: 0 }));
    for (const [middle, count] of this.#bins)
      (result.findLast(({ from }) => from <= middle) ?? result[0]!).count += count;
    const first = result.findIndex(({ count }) => count > 0);
    const last = result.findLastIndex(({ count }) => count > 0);
    return result.slice(first, last + 1);
  }

  #doubling(parts: number): number[] {
    const edges = [0];
    for (let octave = 0; edges.at(-1)! <= this.max; octave++)
      for (let part = 0; part < parts; part++) {
        const edge = Math.round(2 ** (octave + part / parts));
        if (edge > edges.at(-1)!) edges.push(edge);
      }
    return edges;
  }

  #even(): number[] {
    // A step of 1, 2 or 5 times a power of ten.
    const rough = (this.max - this.min || this.max || 1) / LINEAR;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    const first = Math.floor(this.min / step);
    const count = Math.floor(this.max / step) - first + 2;
    return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }
}

function middleOf(value: number): number {
  if (value === 0 || (value < EXACT && Number.isInteger(value))) return value;
  return 2 ** ((Math.floor(Math.log2(value) * PER_OCTAVE) + 0.5) / PER_OCTAVE);
}
