import { countTargets, type TokenSequence } from './token-sequence.ts';

/** What becomes of sequences longer than the limit. */
export interface LengthLimitOptions {
  /** Most tokens a sequence may have. */
  maxLength: number;
  /**
   * `truncate` (default) cuts the end off, and drops a sequence whose prompt alone fills the limit; `drop` leaves every
   * longer sequence out; `error` throws.
   */
  overlong?: 'truncate' | 'drop' | 'error';
}

/** Holds sequences to a length. Nothing disappears in silence: `counts` says what was cut and dropped. */
export class LengthLimit {
  /** Examples so far, by what became of them. */
  readonly counts = { kept: 0, truncated: 0, dropped: 0 };
  readonly #maxLength: number;
  readonly #overlong: 'truncate' | 'drop' | 'error';

  constructor({ maxLength, overlong = 'truncate' }: LengthLimitOptions) {
    if (!(Number.isInteger(maxLength) && maxLength >= 2))
      throw new Error(`maxLength must be an integer >= 2, found ${maxLength}`);
    this.#maxLength = maxLength;
    this.#overlong = overlong;
  }

  /**
   * Fits the sequences of one example: all of them, or none when one must be dropped. A sequence without any target is
   * dropped too.
   *
   * @param name says which example it is in an error, e.g. `train.jsonl row 12`
   * @returns the sequences, or undefined when the example is dropped
   * @throws with `overlong: 'error'` when a sequence is longer than the limit
   */
  fit<S extends readonly TokenSequence[]>(sequences: S, name = 'an example'): S | undefined {
    const longest = Math.max(...sequences.map(({ ids }) => ids.length));
    const overlong = longest > this.#maxLength;
    if (overlong && this.#overlong === 'error')
      throw new Error(
        `${name} has ${longest} tokens, more than maxLength ${this.#maxLength}; raise it, or set overlong to truncate or drop`,
      );
    const fitted = sequences.map(({ ids, mask }) => ({
      ids: ids.subarray(0, this.#maxLength),
      mask: mask.subarray(0, this.#maxLength),
    }));
    if ((overlong && this.#overlong === 'drop') || fitted.some((sequence) => countTargets(sequence) === 0)) {
      this.counts.dropped++;
      return undefined;
    }
    this.counts[overlong ? 'truncated' : 'kept']++;
    return fitted as readonly TokenSequence[] as S;
  }
}
