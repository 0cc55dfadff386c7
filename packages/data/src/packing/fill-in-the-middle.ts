import type { TokenEncoder } from '../example-encoder.ts';
import { mix } from '../permutation.ts';
import type { TokenSequence } from '../token-sequence.ts';

/** How texts are rearranged. */
export interface FillInTheMiddleOptions {
  /** Share of texts that are rearranged. Default 0.5. */
  rate?: number;
  /** Share of those whose suffix comes first (SPM). Default 0.5. */
  suffixFirst?: number;
  /** Ids of the tokens that stand before each part, and of what ends a text. */
  tokens: { prefix: number; suffix: number; middle: number; end?: number };
  /** Targets: `all` tokens of the text as in pre-training (default), or the `middle` alone where it is rearranged. */
  targets?: 'all' | 'middle';
  /** Default 0. */
  seed?: number;
}

/**
 * Teaches a model to fill in text between a prefix and a suffix (Bavarian et al. 2022, "Efficient Training of Language
 * Models to Fill in the Middle"): a text is cut at two random characters and its middle moved to the end, as
 * `<prefix> A <suffix> C <middle> B` (PSM) or `<prefix> <suffix> C <middle> A B` (SPM, section 3 and appendix D). Parts are
 * encoded apart, so cuts may fall within words.
 *
 * What becomes of text i is a pure function of the seed and i.
 */
export class FillInTheMiddle {
  readonly #options: Required<FillInTheMiddleOptions>;

  /** @throws when a rate is not within 0 … 1 */
  constructor(options: FillInTheMiddleOptions) {
    this.#options = { rate: 0.5, suffixFirst: 0.5, targets: 'all', seed: 0, ...options };
    for (const name of ['rate', 'suffixFirst'] as const)
      if (!(this.#options[name] >= 0 && this.#options[name] <= 1))
        throw new Error(`fill in the middle: ${name} must be within 0 … 1, found ${this.#options[name]}`);
  }

  /** The parts of text `index`, in the order in which they are written; undefined when it stays as it is. */
  parts(
    text: string,
    index: number,
  ): { order: 'psm' | 'spm'; prefix: string; middle: string; suffix: string } | undefined {
    const { rate, suffixFirst, seed } = this.#options;
    const random = (draw: number) => mix(mix(mix(0xf111, seed), index), draw) / 2 ** 32;
    if (random(0) >= rate) return undefined;
    const cuts = [1, 2].map((draw) => atCharacter(text, Math.floor(random(draw) * (text.length + 1))));
    const [start, end] = [Math.min(...cuts), Math.max(...cuts)];
    return {
      order: random(3) < suffixFirst ? 'spm' : 'psm',
      prefix: text.slice(0, start),
      middle: text.slice(start, end),
      suffix: text.slice(end),
    };
  }

  /** Text `index` as tokens. */
  encode(text: string, index: number, tokenizer: TokenEncoder): TokenSequence {
    const { tokens, targets } = this.#options;
    const ids: number[] = [];
    const mask: number[] = [];
    const push = (values: ArrayLike<number>, target: boolean) => {
      for (let i = 0; i < values.length; i++) {
        ids.push(values[i]!);
        mask.push(target ? 1 : 0);
      }
    };
    const encode = (part: string) =>
      part === '' ? [] : tokenizer.encodeIds(part, { specialTokens: 'text', addSpecialTokens: false });
    const parts = this.parts(text, index);
    const all = targets === 'all' || !parts;
    if (!parts) push(encode(text), true);
    else {
      const { order, prefix, middle, suffix } = parts;
      push([tokens.prefix], all);
      if (order === 'psm') push(encode(prefix), all);
      push([tokens.suffix], all);
      push(encode(suffix), all);
      push([tokens.middle], all);
      if (order === 'spm') push(encode(prefix), all);
      push(encode(middle), true);
    }
    if (tokens.end !== undefined) push([tokens.end], true);
    return { ids: Int32Array.from(ids), mask: Uint8Array.from(mask) };
  }
}

/** The nearest place before `at` that is not within a surrogate pair. */
function atCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff && at > 0 ? at - 1 : at;
}
