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
/** Pairs of code units below this have their place in a table. */
const TABLED = 0x300;
const UNKNOWN = 0;
const PLAIN = 1;
/** Some rule begins with this, but none is just this. */
const BEGINS = 2;
const RULED = 3;
/** Code units looked at for a rule: no rule of the published rule sets is longer. */
export const RULE_WINDOW = 64;

/**
 * SentencePiece's normalizer: rewriting rules (longest match first), whitespace collapsed and made visible, a
 * dummy space before the text. Source: Kudo & Richardson 2018, section 3.3.
 */
export class SentencePieceNormalizer {
  readonly #options: SentencePieceModel['normalizer'];
  readonly #suffix: boolean;
  readonly #rules: CharsMap;
  readonly #ruleOf = new Uint8Array(0x10000);
  readonly #ruleOfPair = new Uint8Array(TABLED * TABLED);
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
    const positions: number[] = [];
    const text = this.normalizeText(input, positions);
    return { text, positions: Int32Array.from(positions) };
  }

  /**
   * The text alone.
   * @param positions filled with the position of each code unit and of the end, if given
   */
  normalizeText(input: string, positions: number[] | null = null): string {
    const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = this.#options;
    const space = escapeWhitespaces ? SPACE_SYMBOL : ' ';
    let text = '';
    let at = 0;
    if (removeExtraWhitespaces) {
      while (at < input.length && this.#prefix(input, at) === ' ') at += this.#consumed;
    }
    if (at >= input.length) {
      positions?.push(at);
      return '';
    }
    const append = (part: string) => {
      text += part;
      for (let i = 0; positions && i < part.length; i++) positions.push(at);
    };
    if (!this.#suffix && addDummyPrefix) append(space);
    let afterSpace = removeExtraWhitespaces;
    while (at < input.length) {
      const run = this.#plainEnd(input, at);
      if (run > at) {
        text += input.slice(at, run);
        for (; positions && at < run; at++) positions.push(at);
        at = run;
        afterSpace = false;
        continue;
      }
      if (input.charCodeAt(at) === 0x20 && this.#rule(input, at) === PLAIN && !this.#userDefined) {
        if (!afterSpace) append(space);
        afterSpace = removeExtraWhitespaces;
        at++;
        continue;
      }
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
      while (end > 0 && text[end - 1] === space) end--;
      if (positions && end < text.length) at = positions[end]!;
      if (positions) positions.length = end;
      text = text.slice(0, end);
    }
    if (this.#suffix && addDummyPrefix) append(space);
    positions?.push(at);
    return text;
  }

  #consumed = 0;

  /** What the rules make of the next bit of input; its length is left in `#consumed`. */
  #prefix(input: string, at: number): string {
    const symbol = this.#userDefinedAt(input, at);
    if (symbol > 0) {
      this.#consumed = symbol;
      return input.slice(at, at + symbol);
    }
    const units = (input.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
    if (units === 2 || this.#rule(input, at) !== PLAIN) {
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

  /** The end of the run of characters that stay as they are and are not spaces. */
  #plainEnd(input: string, start: number): number {
    if (this.#userDefined) return start;
    let at = start;
    while (at < input.length) {
      const unit = input.charCodeAt(at);
      if (unit === 0x20 || (unit & 0xf800) === 0xd800 || this.#rule(input, at) !== PLAIN) break;
      at++;
    }
    return at;
  }

  /** Whether rules may apply at a code unit, by looking at it and the next one. */
  #rule(input: string, at: number): number {
    const unit = input.charCodeAt(at);
    let rule = this.#ruleOf[unit]!;
    if (rule === UNKNOWN) this.#ruleOf[unit] = rule = this.#lookUp(String.fromCharCode(unit));
    if (rule !== BEGINS) return rule;
    if (at + 1 >= input.length) return PLAIN;
    const next = input.charCodeAt(at + 1);
    if (unit >= TABLED || next >= TABLED) return BEGINS;
    const pair = unit * TABLED + next;
    if (this.#ruleOfPair[pair] === UNKNOWN) this.#ruleOfPair[pair] = this.#lookUp(input.slice(at, at + 2));
    return this.#ruleOfPair[pair]!;
  }

  #lookUp(text: string): number {
    const bytes = encoder.encode(text);
    if (this.#rules.longest(bytes, 0)) return RULED;
    return this.#rules.begins(bytes) ? BEGINS : PLAIN;
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
