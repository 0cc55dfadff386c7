import { BYTE_TO_CHAR } from '../text/byte-alphabet.ts';
import { CountedWords } from './counted-words.ts';
import type { WordCounts } from './word-counts.ts';

/**
 * Words as symbols. The counts are emptied: from here on the symbols are all that is kept.
 * @param spell writes the symbols of a word
 */
export function spellWords(
  words: WordCounts,
  spell: (word: string, out: CountedWords) => void,
): CountedWords {
  const out = new CountedWords();
  for (let i = 0; i < words.size; i++) {
    out.begin();
    spell(words.word(i), out);
    out.finish(words.count(i));
  }
  words.clear();
  return out;
}

const utf8 = new TextEncoder();

/** Words as the ids of their UTF-8 bytes; the bytes get ids in the order of their characters. */
export function byteWords(words: WordCounts, idOf: (token: string) => number): CountedWords {
  for (const char of [...BYTE_TO_CHAR].sort()) idOf(char);
  const ids = BYTE_TO_CHAR.map(idOf);
  return spellWords(words, (word, out) => {
    for (const byte of utf8.encode(word)) out.push(ids[byte]!);
  });
}

export interface AlphabetOptions {
  /** At most this many different characters, the most frequent ones. */
  limit: number;
  /** Characters that count as more frequent than any other. */
  initial: Iterable<string>;
  prefix: string;
  suffix: string;
}

/**
 * Words as the ids of their characters, marked by prefix (all but the first) and suffix (the last).
 * Characters outside the alphabet are left out, as in Hugging Face's trainers.
 */
export function characterWords(
  words: WordCounts,
  idOf: (token: string) => number,
  { limit, initial, prefix, suffix }: AlphabetOptions,
): CountedWords {
  const alphabet = new Set(alphabetOf(words, limit, initial));
  for (const char of alphabet) idOf(char);
  return spellWords(words, (word, out) => {
    let at = 0;
    for (const char of word) {
      const isFirst = at === 0;
      at += char.length;
      if (!alphabet.has(char)) continue;
      const marked = isFirst ? char : prefix + char;
      out.push(idOf(at === word.length ? marked + suffix : marked));
    }
  });
}

/** The characters in code point order; where there are too many, the least frequent are left out. */
function alphabetOf(words: WordCounts, limit: number, initial: Iterable<string>): string[] {
  const counts = countCharacters(words);
  for (const char of initial) counts.set([...char][0] ?? '', Infinity);
  counts.delete('');
  return [...counts.keys()]
    .sort((a, b) => (counts.get(a) === counts.get(b) ? byCodePoint(a, b) : counts.get(b)! - counts.get(a)!))
    .slice(0, limit)
    .sort(byCodePoint);
}

const byCodePoint = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!;

/** How often each character occurs, in the order of first sight. */
export function countCharacters(words: WordCounts): Map<string, number> {
  const numbers = new Int32Array(0x110000).fill(-1); // by code point
  const codes: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < words.size; i++) {
    const word = words.word(i);
    const count = words.count(i);
    for (let at = 0; at < word.length; at++) {
      const code = word.codePointAt(at)!;
      if (code > 0xffff) at++;
      let number = numbers[code]!;
      if (number < 0) {
        numbers[code] = number = codes.push(code) - 1;
        counts.push(0);
      }
      counts[number]! += count;
    }
  }
  return new Map(codes.map((code, i) => [String.fromCodePoint(code), counts[i]!]));
}
