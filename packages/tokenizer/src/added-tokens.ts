import { anyOf } from './text/any-of.ts';
import type { AddedTokenJson } from './tokenizer-json.ts';

/** A stretch of a text: one added token, or (id null) ordinary text between them. */
export interface AddedSegment {
  start: number;
  end: number;
  token: AddedTokenJson | null;
}

/** What to do with the special tokens found in a text. */
export type SpecialTokenRule = (token: AddedTokenJson) => 'match' | 'text';

const WORD_END = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_START = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /\p{White_Space}/u;

/** Finds the leftmost longest occurrences of a set of added tokens. */
export class AddedTokenMatcher {
  readonly #tokens = new Map<string, AddedTokenJson>();
  readonly #regex: RegExp | null;

  /** @param entries the text to look for and the token it stands for */
  constructor(entries: Iterable<[string, AddedTokenJson]>) {
    for (const [text, token] of entries) if (text !== '') this.#tokens.set(text, token);
    // The engine tries alternatives in order at each position, so the longest wins.
    this.#regex = this.#tokens.size > 0 ? new RegExp(anyOf(this.#tokens.keys()), 'gu') : null;
  }

  /** Splits `text`; the segments cover it. An empty text has no segments. */
  split(text: string, rule: SpecialTokenRule = () => 'match'): AddedSegment[] {
    const segments: AddedSegment[] = [];
    let covered = 0;
    const addText = (end: number) => {
      if (end > covered) segments.push({ start: covered, end, token: null });
    };
    for (const match of this.#regex ? text.matchAll(this.#regex) : []) {
      const token = this.#tokens.get(match[0])!;
      if (token.special && rule(token) === 'text') continue;
      let start = match.index;
      let end = start + match[0].length;
      if (token.single_word && !isSingleWord(text, start, end)) continue;
      // Spaces already taken by the token before stay with it.
      if (token.lstrip) while (start > covered && SPACE.test(text[start - 1]!)) start--;
      if (token.rstrip) while (end < text.length && SPACE.test(text[end]!)) end++;
      addText(start);
      segments.push({ start, end, token });
      covered = end;
    }
    addText(text.length);
    return segments;
  }
}

function isSingleWord(text: string, start: number, end: number): boolean {
  // Two code units either side hold at least one whole character.
  return (
    !WORD_END.test(text.slice(Math.max(0, start - 2), start)) && !WORD_START.test(text.slice(end, end + 2))
  );
}
