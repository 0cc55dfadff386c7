import { expect, it } from 'vitest';
import { recurringSubstrings } from './suffix-pieces.ts';

/** All substrings, counted one by one. */
function countSlowly(words: string[], counts: number[], maxLength: number): Map<string, number> {
  const found = new Map<string, number>();
  words.forEach((word, w) => {
    for (let start = 0; start < word.length; start++) {
      for (let end = start + 1; end <= Math.min(word.length, start + maxLength); end++) {
        const text = word.slice(start, end);
        found.set(text, (found.get(text) ?? 0) + counts[w]!);
      }
    }
  });
  return found;
}

it('finds what counting all substrings finds', () => {
  const words = ['banana', 'bandana', 'ana', 'anagram', 'nab', 'x', 'grammar', 'bananas', 'aaaa'];
  const counts = [3, 1, 2, 1, 5, 9, 1, 1, 1];
  const slow = countSlowly(words, counts, 5);
  const fast = new Map<string, number>();
  recurringSubstrings(words, counts, 5, (text, count) => fast.set(text, count));
  for (const [text, count] of fast) expect([text, count]).toEqual([text, slow.get(text)]);
  // What is left out is not longer to the right with the same count.
  const letters = [...new Set(words.join(''))];
  for (const [text, count] of slow) {
    if (text.length < 2 || count < 2 || fast.has(text)) continue;
    const extended = letters.some((letter) => slow.get(text + letter) === count);
    expect([text, extended]).toEqual([text, true]);
  }
});
