import { markCategories } from './unicode-categories.ts';

/** The Unicode properties that the pre-tokenizer patterns ask for, as bits per code point. */
export const LETTER = 1; // \p{L}
export const NUMBER = 2; // \p{N}
export const SPACE = 4; // \s: White_Space
export const NEWLINE = 8; // \r or \n
export const UPPER = 16; // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
export const LOWER = 32; // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
export const PUNCTUATION = 64; // \p{P} and the ASCII symbols
export const MARK = 128; // \p{Mn}

let table: Uint8Array | undefined;

/** The property bits of every code point; built on first use. */
export function charClasses(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(0x110000);
  markCategories(table, ['L'], LETTER);
  markCategories(table, ['N'], NUMBER);
  markCategories(table, ['Z'], SPACE);
  markCategories(table, ['Lu', 'Lt', 'Lm', 'Lo', 'M'], UPPER);
  markCategories(table, ['Ll', 'Lm', 'Lo', 'M'], LOWER);
  markCategories(table, ['P'], PUNCTUATION);
  markCategories(table, ['Mn'], MARK);
  for (const space of [9, 10, 11, 12, 13, 0x85]) table[space]! |= SPACE;
  for (const newline of [10, 13]) table[newline]! |= NEWLINE;
  for (const symbol of '$+<=>^`|~') table[symbol.charCodeAt(0)]! |= PUNCTUATION;
  return table;
}

/** The property bits of one character. */
export const classOf = (char: string): number => charClasses()[char.codePointAt(0)!]!;

/** Whether a character is white space, by Unicode. */
export const isSpace = (char: string): boolean => (classOf(char) & SPACE) !== 0;
