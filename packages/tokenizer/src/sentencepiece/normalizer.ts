import { CharsMap } from '../text/chars-map.ts';
import { PrefixTrie } from '../text/prefix-trie.ts';
import type { SentencePieceModel } from './model-file.ts';

/** A normalized text and, for each of its code units and its end, the position in the input it came from. */
export interface NormalizedText {
  text: string;
  positions: Int32Array;
}

export const SPACE_SYMBOL = '▁';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const UNKNOWN = 0;
const PLAIN = 1;
const RULED = 2;
/** Code units looked at for a rule: no rule of the published rule sets is longer. */
const RULE_WINDOW = 64;

/**
 * SentencePiece's normalizer: rewriting rules (longest match first), whitespace collapsed and made visible, a
 * dummy space before the text. Source: Kudo & Richardson 2018, section 3.3.
 */
export class SentencePieceNormalizer {
  readonly #options: SentencePieceModel['normalizer'];
  readonly #suffix: boolean;
  readonly #rules: CharsMap;
  readonly #hasRule = new Uint8Array(0x10000);
  readonly #userDefined: PrefixTrie | null;

  /** @param userDefined symbols that pass through unchanged */
  constructor(model: SentencePieceModel, userDefined: string[]) {
    this.#options = model.normalizer;
    this.#suffix = model.treatWhitespaceAsSuffix;
    this.#rules = new CharsMap(model.normalizer.precompiledCharsmap);
    this.#userDefined =
      userDefined.length > 0 ? new PrefixTrie(userDefined.map((symbol, i) => [symbol, i])) : null;
  }

  /** @param input well formed */
  normalize(input: string): NormalizedText {
    const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = this.#options;
    const space = escapeWhitespaces ? SPACE_SYMBOL : ' ';
    const positions: number[] = [];
    let text = '';
    let at = 0;
    if (removeExtraWhitespaces) {
      while (at < input.length && this.#prefix(input, at) === ' ') at += this.#consumed;
    }
    if (at >= input.length) return { text: '', positions: Int32Array.of(at) };
    const append = (part: string) => {
      text += part;
      for (let i = 0; i < part.length; i++) positions.push(at);
    };
    if (!this.#suffix && addDummyPrefix) append(space);
    let afterSpace = removeExtraWhitespaces;
    while (at < input.length) {
      let part = this.#prefix(input, at);
      if (afterSpace) part = part.replace(/^ +/, '');
      if (part !== '') {
        afterSpace = removeExtraWhitespaces && part.endsWith(' ');
        append(escapeWhitespaces ? part.replaceAll(' ', SPACE_SYMBOL) : part);
      }
      at += this.#consumed;
    }
    let end = text.length;
    if (removeExtraWhitespaces) {
      while (end > 0 && text[end - 1] === space) at = positions[--end]!;
      text = text.slice(0, end);
      positions.length = end;
    }
    if (this.#suffix && addDummyPrefix) append(space);
    positions.push(at);
    return { text, positions: Int32Array.from(positions) };
  }

  #consumed = 0;

  /** What the rules make of the next bit of input; its length is left in `#consumed`. */
  #prefix(input: string, at: number): string {
    const symbol = this.#userDefinedAt(input, at);
    if (symbol > 0) {
      this.#consumed = symbol;
      return input.slice(at, at + symbol);
    }
    const unit = input.charCodeAt(at);
    const units = (unit & 0xfc00) === 0xd800 ? 2 : 1;
    if (units === 2 || this.#beginsRule(unit)) {
      const window = encoder.encode(input.slice(at, at + RULE_WINDOW));
      const rule = this.#rules.longest(window, 0);
      if (rule) {
        this.#consumed = decoder.decode(window.subarray(0, rule.length)).length;
        return decoder.decode(rule.replacement);
      }
    }
    this.#consumed = units;
    return units === 1 ? input[at]! : input.slice(at, at + 2);
  }

  #beginsRule(unit: number): boolean {
    if (this.#hasRule[unit] === UNKNOWN) {
      this.#hasRule[unit] = this.#rules.begins(encoder.encode(String.fromCharCode(unit))) ? RULED : PLAIN;
    }
    return this.#hasRule[unit] === RULED;
  }

  #userDefinedAt(input: string, start: number): number {
    let longest = 0;
    if (!this.#userDefined) return 0;
    for (let node = 0, at = start; at < input.length; ) {
      node = this.#userDefined.step(node, input.charCodeAt(at++));
      if (node === 0) break;
      if (this.#userDefined.valueAt(node) >= 0) longest = at - start;
    }
    return longest;
  }
}
