import type { EncodedExample } from '../data/codec.ts';

/**
 * Steps in which no text stands twice, for methods that take all other examples of a step for wrong: in the place of an
 * example that shares a text with an earlier one of its step comes another of the data that does not, the next after those
 * that stay. A pure function of the indices given.
 */
export class DistinctSteps {
  private readonly texts: readonly (readonly string[])[];

  constructor(examples: readonly EncodedExample[]) {
    this.texts = examples.map(({ sequences }) => sequences.map(({ ids }) => String(ids)));
  }

  /** @returns as many indices, or fewer where the data has no more texts to choose from */
  choose(indices: readonly number[]): number[] {
    const taken = new Set<string>();
    const kept = indices.filter((index) => this.take(index, taken));
    for (let place = kept.length; place < indices.length; place++) {
      const next = this.nextOf(kept.at(-1)!, taken);
      if (next === undefined) break;
      kept.push(next);
    }
    return kept;
  }

  /** All examples but those that share a text with an earlier one. */
  firsts(): number[] {
    const taken = new Set<string>();
    return this.texts.map((_, index) => index).filter((index) => this.take(index, taken));
  }

  private nextOf(index: number, taken: Set<string>): number | undefined {
    for (let step = 1; step < this.texts.length; step++) {
      const next = (index + step) % this.texts.length;
      if (this.take(next, taken)) return next;
    }
    return undefined;
  }

  private take(index: number, taken: Set<string>): boolean {
    const own = this.texts[index]!;
    if (own.some((text) => taken.has(text))) return false;
    for (const text of own) taken.add(text);
    return true;
  }
}
