import { permutation } from '../permutation.ts';
import {
  checkExamples,
  checkInteger,
  EpochSampler,
  type EpochSamplerOptions,
} from '../samplers/epoch-sampler.ts';
import { fingerprint } from '../samplers/fingerprint.ts';

/** How batches of a token budget are made. */
export interface TokenBudgetOptions extends EpochSamplerOptions {
  /** Places that each example takes. */
  lengths: ArrayLike<number>;
  /** Most places of a batch, padding included: examples times the longest of them. */
  maxTokens: number;
  /** Most examples of a batch. Default: as many as the budget allows. */
  maxExamples?: number;
  /** Default true. */
  shuffle?: boolean;
  /** Examples that are sorted by length together, within the epoch's order. Default 4096. */
  window?: number;
}

/**
 * Batches of like length that fill a budget of tokens: many short examples or few long ones, so that every step costs
 * about the same and little is padding. Each epoch has other batches; all examples come once in it.
 */
export class TokenBudgetSampler extends EpochSampler {
  protected readonly kind = 'token-budget sampler';
  protected readonly unitsPerRank = 1;
  readonly #options: Required<
    Pick<TokenBudgetOptions, 'lengths' | 'maxTokens' | 'maxExamples' | 'shuffle' | 'window'>
  >;
  #planned: { epoch: number; batches: Uint32Array[] } | undefined;

  /** @throws when an example is longer than the budget, or there are fewer examples than ranks */
  constructor(options: TokenBudgetOptions) {
    super(options);
    const { lengths, maxTokens, maxExamples = maxTokens, shuffle = true, window = 4096 } = options;
    checkExamples(this.kind, lengths.length, this.ranks);
    for (const [name, value] of Object.entries({ maxTokens, maxExamples, window }))
      checkInteger(this.kind, name, value);
    for (let i = 0; i < lengths.length; i++)
      if (!(lengths[i]! >= 0 && lengths[i]! <= maxTokens))
        throw new Error(
          `${this.kind}: example ${i} has length ${lengths[i]}, not one of 0 to maxTokens ${maxTokens}`,
        );
    this.#options = { lengths, maxTokens, maxExamples, shuffle, window };
  }

  protected settings() {
    const { lengths, ...settings } = this.#options;
    return { ...settings, lengths: fingerprint(lengths) };
  }

  protected units(epoch: number): number {
    return this.#plan(epoch).length;
  }

  protected unit(epoch: number, index: number): readonly number[] {
    return Array.from(this.#plan(epoch)[index]!);
  }

  #plan(epoch: number): Uint32Array[] {
    if (this.#planned?.epoch === epoch) return this.#planned.batches;
    const { lengths, maxTokens, maxExamples, shuffle, window } = this.#options;
    const order = shuffle ? permutation(lengths.length, this.seed, epoch) : (i: number) => i;
    const sorted: Uint32Array[] = [];
    for (let start = 0; start < lengths.length; start += window) {
      const count = Math.min(window, lengths.length - start);
      const indices = Uint32Array.from({ length: count }, (_, i) => order(start + i));
      indices.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
      let from = 0;
      for (let i = 0; i < count; i++) {
        const examples = i - from + 1;
        if (i > from && (examples > maxExamples || examples * lengths[indices[i]!]! > maxTokens)) {
          sorted.push(indices.subarray(from, i));
          from = i;
        }
      }
      sorted.push(indices.subarray(from));
    }
    // Streams below zero are no epoch's.
    const mixed = shuffle ? permutation(sorted.length, this.seed, -1 - epoch) : (i: number) => i;
    const batches = sorted.map((_, i) => sorted[mixed(i)]!);
    this.#planned = { epoch, batches };
    return batches;
  }
}
