/** Bins of an octave: a quantile is off by at most half a bin, 2.2%. */
const PER_OCTAVE = 16;

/** Values below this have a bin each. */
const EXACT = 32;

/** Counts values ≥ 0 in bins that grow with the value: a few hundred numbers, whatever the amount of data. */
export class Histogram {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  readonly #bins: number[] = [];

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const bin = binOf(value);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
  }

  get mean(): number {
    return this.sum / this.count;
  }

  /** The value below which a share of the values is, to within 2.2%. */
  quantile(share: number): number {
    let left = share * this.count;
    for (const [bin, count = 0] of this.#bins.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(this.max, Math.max(this.min, middleOf(bin)));
    }
    return this.max;
  }

  /**
   * Counts between edges that double, each octave in `parts`.
   * @returns bins from the least value to the greatest; `from` is included, `to` is not
   */
  bins(parts: 1 | 2 | 4): { from: number; to: number; count: number }[] {
    if (this.count === 0) return [];
    const edges = [0];
    for (let octave = 0; edges.at(-1)! <= this.max; octave++)
      for (let part = 0; part < parts; part++) {
        const edge = Math.round(2 ** (octave + part / parts));
        if (edge > edges.at(-1)!) edges.push(edge);
      }
    const result = edges.slice(0, -1).map((from, i) => ({ from, to: edges[i + 1]!, count: 0 }));
    for (const [bin, count = 0] of this.#bins.entries()) {
      if (count === 0) continue;
      const value = middleOf(bin);
      const found = result.findLast(({ from }) => from <= value);
      if (found) found.count += count;
    }
    const first = result.findIndex(({ count }) => count > 0);
    const last = result.findLastIndex(({ count }) => count > 0);
    return result.slice(first, last + 1);
  }
}

function binOf(value: number): number {
  if (value < EXACT) return Math.floor(value);
  return EXACT + Math.floor((Math.log2(value) - Math.log2(EXACT)) * PER_OCTAVE);
}

function middleOf(bin: number): number {
  if (bin < EXACT) return bin;
  return EXACT * 2 ** ((bin - EXACT + 0.5) / PER_OCTAVE);
}
