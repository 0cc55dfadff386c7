import { shingles, words } from './words.ts';

/** How texts are compared with an evaluation set. */
export interface DecontaminationOptions {
  /** Words of a run that no text may share. Default 13 (Brown et al. 2020, appendix C). */
  words?: number;
  /** Shorter evaluation texts are looked for whole, down to this many words. Default 8. */
  least?: number;
}

/** A run of words that a text shares with an evaluation set. */
export interface Contamination {
  /** Which of the evaluation texts. */
  evaluation: number;
  /** The words, in lower case. */
  run: string;
}

/**
 * Finds texts that share a long run of words with an evaluation set: what a model was trained on must not be in its
 * examination. Case and punctuation do not count. Hashes find candidates, words decide.
 *
 * ```ts
 * const index = new Decontaminator([...testSet].map(({ question }) => question));
 * const clean = trainingSet.filter(({ text }) => index.find(text) === undefined);
 * ```
 */
export class Decontaminator {
  /** Evaluation texts too short to be looked for. */
  readonly skipped: number;
  readonly #size: number;
  /** Hash of a run → the evaluation texts and places where it is, by the run's length in words. */
  readonly #runs = new Map<number, Map<number, { evaluation: number; words: readonly string[] }[]>>();

  constructor(evaluation: Iterable<string>, { words: size = 13, least = 8 }: DecontaminationOptions = {}) {
    this.#size = size;
    let skipped = 0;
    let number = 0;
    for (const text of evaluation) {
      const tokens = words(text);
      if (tokens.length < Math.min(least, size)) skipped++;
      else this.#add(number, tokens);
      number++;
    }
    this.skipped = skipped;
  }

  /** The first run that a text shares with the evaluation set. */
  find(text: string): Contamination | undefined {
    const tokens = words(text);
    for (const [length, runs] of this.#runs) {
      if (tokens.length < length) continue;
      for (const [at, hash] of shingles(tokens, length).entries()) {
        for (const { evaluation, words: run } of runs.get(hash) ?? [])
          if (run.every((word, i) => word === tokens[at + i])) return { evaluation, run: run.join(' ') };
      }
    }
    return undefined;
  }

  #add(evaluation: number, tokens: readonly string[]): void {
    const length = Math.min(this.#size, tokens.length);
    const runs = this.#runs.get(length) ?? new Map();
    this.#runs.set(length, runs);
    for (const [at, hash] of shingles(tokens, length).entries()) {
      const entry = { evaluation, words: tokens.slice(at, at + length) };
      const entries = runs.get(hash);
      if (entries) entries.push(entry);
      else runs.set(hash, [entry]);
    }
  }
}
