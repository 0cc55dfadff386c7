import { describe, expect, test } from 'vitest';
import { Dataset } from '../dataset.ts';
import { mix } from '../permutation.ts';
import { Decontaminator } from './decontaminate.ts';
import { deduplicate, deduplicateNear, minHasher } from './deduplicate.ts';
import { qualityProblems } from './quality.ts';
import { RowTable } from './row-table.ts';
import { hashText, shingles, words } from './words.ts';

const vocabulary = Array.from({ length: 2000 }, (_, i) => `w${i.toString(36)}`);
const randomWords = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => vocabulary[mix(seed, i) % vocabulary.length]!);

describe('exact duplicates', () => {
  test('the first is kept, and said of the others', () => {
    const texts = ['a', 'b', 'a', 'c', 'b', 'a'].map((text) => ({ text }));
    const { kept, duplicates } = deduplicate(Dataset.from(texts));
    expect([...kept].map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(duplicates).toEqual([
      { row: 2, of: 0 },
      { row: 4, of: 1 },
      { row: 5, of: 0 },
    ]);
  });

  test('by another column, and equal hashes of different texts are told apart', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ n: i % 15_000 }));
    const { kept } = deduplicate(Dataset.from(rows), ({ n }) => `${n}`);
    expect([...kept].map(({ n }) => n)).toEqual(rows.slice(0, 15_000).map(({ n }) => n));
    const table = new RowTable();
    for (let row = 0; row < 5000; row++) table.add(7, row);
    expect([...table.find(7)].length).toBe(5000);
    expect([...table.find(8)]).toEqual([]);
    expect(hashText('ab')).not.toBe(hashText('ba'));
  });
});

describe('near duplicates', () => {
  test('the share of equal signature entries estimates the Jaccard similarity', () => {
    const hash = minHasher(512, 1);
    const first = new Set(shingles(randomWords(1, 400), 1));
    for (const share of [0.2, 0.5, 0.9]) {
      const common = [...first].slice(0, Math.round(first.size * share));
      const other = new Set(
        [
          ...common,
          ...shingles(
            randomWords(2, 500).map((w) => `x${w}`),
            1,
          ),
        ].slice(0, first.size),
      );
      const inBoth = [...other].filter((value) => first.has(value)).length;
      const jaccard = inBoth / (first.size + other.size - inBoth);
      const [a, b] = [hash(first), hash(other)];
      const equal = a.filter((value, i) => value === b[i]).length / 512;
      // Four standard deviations.
      expect(Math.abs(equal - jaccard)).toBeLessThan(4 * Math.sqrt((jaccard * (1 - jaccard)) / 512) + 1e-9);
    }
  });

  test('are found, others are not; the true similarity decides', () => {
    const originals = Array.from({ length: 300 }, (_, i) => randomWords(i, 200));
    const copies = originals.slice(0, 50).map((text, i) => {
      const changed = [...text];
      changed[10 + i] = 'changed';
      return changed;
    });
    // Half of the words differ.
    const halves = originals
      .slice(0, 50)
      .map((text, i) => [...text.slice(0, 100), ...randomWords(1000 + i, 100)]);
    const rows = [...originals, ...copies, ...halves].map((text) => ({ text: `${text.join(' ')}.` }));
    const { kept, duplicates } = deduplicateNear(Dataset.from(rows));
    expect(duplicates).toEqual(Array.from({ length: 50 }, (_, i) => ({ row: 300 + i, of: i })));
    expect(kept.length).toBe(350);
    expect(deduplicateNear(Dataset.from(rows), { threshold: 0.3 }).kept.length).toBe(300);
    expect(deduplicateNear(Dataset.from([{ text: '' }, { text: '' }])).kept.length).toBe(2);
    expect(() => deduplicateNear(Dataset.from(rows), { threshold: 0 })).toThrow('threshold must be within');
  });
});

describe('decontamination', () => {
  const test1 =
    'Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May.';
  const index = new Decontaminator([test1, 'How many legs have eight spiders and two birds?', 'too short']);

  test('a shared run of words is found, whatever its case and punctuation', () => {
    expect(
      index.find(`Once: SOLD CLIPS to "48" of her friends — in April and then, she sold. ${'x '.repeat(50)}`),
    ).toEqual({
      evaluation: 0,
      run: 'sold clips to 48 of her friends in april and then she sold',
    });
    expect(index.find('Q: how many legs have eight spiders, and two birds')).toEqual({
      evaluation: 1,
      run: 'how many legs have eight spiders and two birds',
    });
    expect(index.skipped).toBe(1);
  });

  test('shorter runs do not count', () => {
    expect(index.find('She sold clips to 48 of her friends in June.')).toBeUndefined();
    expect(index.find('')).toBeUndefined();
    expect(new Decontaminator([test1], { words: 5 }).find('clips to 48 of her own')).toBeDefined();
  });

  test('scripts without spaces are cut into characters', () => {
    expect(words('你好 world')).toEqual(['你', '好', 'world']);
    expect(
      new Decontaminator(['一二三四五六七八九十甲乙丙'], {}).find('前一二三四五六七八九十甲乙丙后'),
    ).toBeDefined();
  });
});

describe('quality', () => {
  const sentence = (i: number) =>
    `The ${vocabulary[i]} of house ${i} and the ${vocabulary[i + 300]} with trees that have ${vocabulary[i + 700]} leaves.`;
  const good = Array.from({ length: 10 }, (_, i) => sentence(i * 7)).join('\n');

  test('a good text has no problems', () => {
    expect(qualityProblems(good, { commonRuns: [1, 1, 1] })).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['a short text', 'The cat and the dog.', 'words: 5, less than 50'],
    ['long words', `${'abcdefghijklmnop '.repeat(60)}the of`, 'mean word length: 15.'],
    ['numbers', `the of ${'1234 '.repeat(60)}`, 'words with a letter: 0.032, less than 0.8'],
    ['hashes', good.replaceAll(' ', ' # '), 'hashes a word: '],
    ['bullets', good.replace(/^/gm, '- '), 'bullet lines: 1, more than 0.9'],
    ['teasers', good.replace(/\.$/gm, ' …'), 'lines ending in an ellipsis: 1, more than 0.3'],
    [
      'no stop words',
      randomWords(3, 80)
        .map((w) => `${w}abc`)
        .join(' '),
      'stop words: 0, less than 2',
    ],
    ['lines that repeat', `${good}\n`.repeat(2), 'duplicate lines: 0.500, more than 0.3'],
    ['paragraphs that repeat', `${good}\n\n`.repeat(3), 'duplicate paragraphs: 0.667, more than 0.3'],
    ['words that repeat', `the of ${'again and '.repeat(60)}`, 'commonest run of 2 words: '],
    ['runs that repeat', `${good} ${good}`, 'repeated runs of 5 words: 0.500, more than 0.15'],
  ])('%s', (_, text, problem) => {
    expect(qualityProblems(text)).toContainEqual(expect.stringContaining(problem));
  });
});
