/** A small fast generator (mulberry32): for plans, where a permutation's O(1) access is not needed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 uniform bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A uniform integer in [0, below). */
  below(below: number): number {
    return Math.floor((this.bits() / 2 ** 32) * below);
  }

  /** A uniform number in [0, 1). */
  unit(): number {
    return this.bits() / 2 ** 32;
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle(values: Uint32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
  }
}
