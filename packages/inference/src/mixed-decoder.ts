import type { CachedDecoder, CacheTensors, Decoder, StepResult, StepSettings } from './cached-decoder.ts';

/**
 * Two models as one decoder: the next token is drawn from π_a^(1 − weight) π_b^weight, renormalised at each token
 * (the geometric mixture of Munos et al. 2023, "Nash Learning from Human Feedback", arXiv 2312.00886, equation 7).
 * The cache holds the layers of both, one after the other.
 */
export class MixedDecoder implements Decoder {
  readonly vocabSize: number;
  readonly contextLength: number;
  private readonly a: CachedDecoder;
  private readonly b: CachedDecoder;
  private readonly weight: number;
  /** Layers of `a`. */
  private layers = 0;

  /**
   * @param weight of b, in [0, 1]
   * @throws Error when the vocabularies differ
   */
  constructor(a: CachedDecoder, b: CachedDecoder, weight: number) {
    if (a.vocabSize !== b.vocabSize)
      throw new Error(
        `models to mix must share a vocabulary, found ${a.vocabSize} and ${b.vocabSize} tokens`,
      );
    if (!(weight >= 0 && weight <= 1))
      throw new Error(`the mixture's weight must be in [0, 1], found ${weight}`);
    this.a = a;
    this.b = b;
    this.weight = weight;
    this.vocabSize = a.vocabSize;
    this.contextLength = Math.min(a.contextLength, b.contextLength);
  }

  async prefill(prompts: readonly (readonly number[])[]): Promise<StepResult> {
    const first = await this.a.prefill(prompts);
    this.layers = first.cache.keys.length;
    return this.join(first, await this.b.prefill(prompts));
  }

  async step(
    cache: CacheTensors,
    tokens: readonly number[],
    lengths: readonly number[],
    { synchronous = false }: StepSettings = {},
  ): Promise<StepResult> {
    const part = (from: number, to?: number): CacheTensors => ({
      keys: cache.keys.slice(from, to),
      values: cache.values.slice(from, to),
    });
    const first = await this.a.step(part(0, this.layers), tokens, lengths, { synchronous });
    return this.join(first, await this.b.step(part(this.layers), tokens, lengths, { synchronous }));
  }

  select(caches: readonly CacheTensors[], rows: readonly number[], capacity: number): Promise<CacheTensors> {
    return this.a.select(caches, rows, capacity);
  }

  release(cache: CacheTensors): void {
    this.a.release(cache);
  }

  row(logits: Float32Array, row: number): Float32Array {
    return this.a.row(logits, row);
  }

  /** Logits of the mixture: normalisers are constants of a row and cancel in its softmax. */
  private join(first: StepResult, second: StepResult): StepResult {
    const { weight } = this;
    const logits = first.logits.map((value, i) => (1 - weight) * value + weight * second.logits[i]!);
    return {
      logits,
      cache: {
        keys: [...first.cache.keys, ...second.cache.keys],
        values: [...first.cache.values, ...second.cache.values],
      },
    };
  }
}
