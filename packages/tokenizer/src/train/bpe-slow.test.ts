import { describe, expect, it } from 'vitest';
import { learnSubwordCodes } from '../formats/subword-nmt.ts';
import { learnMergesSlowly, type SpelledWord } from './bpe-slow.ts';

const COUNTS: [string, number][] = [
  ['low', 5],
  ['lower', 2],
  ['newest', 6],
  ['widest', 3],
];

describe('the published algorithm', () => {
  const spelled = (): SpelledWord[] => COUNTS.map(([word, count]) => [[...word, '</w>'], count]);

  it('learns the merges of the published example', () => {
    const words = spelled();
    expect(learnMergesSlowly(words, 5)).toEqual([
      ['e', 's'],
      ['es', 't'],
      ['est', '</w>'],
      ['l', 'o'],
      ['lo', 'w'],
    ]);
    expect(words.map(([symbols]) => symbols.join(' '))).toEqual([
      'low </w>',
      'low e r </w>',
      'n e w est</w>',
      'w i d est</w>',
    ]);
  });

  it('leaves as many kinds of symbols as published', () => {
    const words = spelled();
    const kinds = () => new Set(words.flatMap(([symbols]) => symbols)).size;
    const sizes = [kinds()];
    for (let i = 0; i < 5; i++) {
      learnMergesSlowly(words, 1);
      sizes.push(kinds());
    }
    expect(sizes).toEqual([11, 11, 10, 10, 9, 9]);
  });
});

describe('the fast learner', () => {
  it('learns what the slow one does', () => {
    let state = 1;
    const random = (limit: number) => {
      state = (state * 48271) % 0x7fffffff;
      return state % limit;
    };
    const words = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const word = Array.from({ length: 1 + random(9) }, () => 'abcde'[random(5)]).join('');
      words.set(word, 1 + random(40));
    }
    const spelled = [...words].map(([word, count]): SpelledWord => {
      const chars = [...word];
      chars[chars.length - 1] += '</w>';
      return [chars, count];
    });
    const greater = (a: [string, string], b: [string, string]) =>
      a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
    const fast = learnSubwordCodes(words, { merges: 60, minFrequency: 1 });
    expect(fast.merges).toEqual(learnMergesSlowly(spelled, 60, greater));
  });
});
