/** Draws from a discrete distribution in constant time (Walker 1977; built as by Vose, 1991). */
export class AliasTable {
  readonly #probability: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights not negative, not all 0 */
  constructor(weights: ArrayLike<number>) {
    const { length } = weights;
    let total = 0;
    for (let i = 0; i < length; i++) total += weights[i]!;
    this.#probability = Float64Array.from(weights, (weight) => (weight * length) / total);
    this.#alias = Uint32Array.from({ length }, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    this.#probability.forEach((p, i) => {
      (p < 1 ? small : large).push(i);
    });
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!;
      const more = large.at(-1)!;
      this.#alias[less] = more;
      this.#probability[more]! -= 1 - this.#probability[less]!;
      if (this.#probability[more]! < 1) small.push(large.pop()!);
    }
    // What is left over by rounding is certain, unless its weight is 0.
    for (const i of [...small, ...large]) if (weights[i]! > 0) this.#probability[i] = 1;
  }

  /** @param place, side uniform in [0, 1) @returns an index */
  draw(place: number, side: number): number {
    const i = Math.floor(place * this.#probability.length);
    return side < this.#probability[i]! ? i : this.#alias[i]!;
  }
}
