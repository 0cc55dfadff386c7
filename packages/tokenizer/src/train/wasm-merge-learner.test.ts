import { afterEach, describe, expect, it, vi } from 'vitest';
import { type LearnOptions, learnMerges } from './bpe-merges.ts';
import { CountedWords } from './counted-words.ts';
import { MergeLearner } from './merge-learner.ts';
import { learnInWasm } from './wasm-merge-learner.ts';

type Words = [symbols: number[], count: number][];

function randomWords(seed: number, words: number, symbols: number, length: number, most: number): Words {
  let state = seed;
  const random = (limit: number) => {
    state = (state * 48271) % 0x7fffffff;
    return state % limit;
  };
  return Array.from({ length: words }, () => [
    Array.from({ length: 1 + random(length) }, () => random(symbols)),
    1 + random(most),
  ]);
}

/** A vocabulary as trainers have it: tokens of the same text are one, or passed over. */
function vocabulary(symbols: number, merges: number, isOnce: boolean): LearnOptions & { texts: string[] } {
  const texts = Array.from({ length: symbols }, (_, i) =>
    String.fromCodePoint(i % 2 ? 0x1f600 + i : 0xff00 + i),
  );
  let asked = 0;
  return {
    texts,
    minFrequency: 0,
    maxTokenLength: Infinity,
    isFull: () => asked === merges,
    join(left, right) {
      asked++;
      const text = texts[left]! + texts[right]!;
      const known = texts.indexOf(text);
      if (known >= 0) return isOnce ? -1 : known;
      return texts.push(text) - 1;
    },
  };
}

const KINDS: [name: string, words: Words][] = [
  ['few symbols', randomWords(1, 300, 3, 12, 40)],
  ['many symbols', randomWords(2, 500, 60, 9, 5)],
  ['one symbol', randomWords(3, 40, 1, 30, 3)],
  ['large counts', randomWords(4, 200, 5, 9, 1e9).map(([word, count]) => [word, count * 1e6])],
  ['words that are long', randomWords(5, 3, 4, 20_000, 2)],
  ['pairs in many words', randomWords(6, 12_000, 6, 5, 9)],
  ['no pairs', [[[0], 3]]],
  ['no words', []],
];

describe.each(KINDS)('learning in WebAssembly from %s', (_, words) => {
  it.each([
    ['of the order of ids', false, false],
    ['of the order of texts', true, true],
    ['of the order of texts, where tokens come up again', true, false],
  ])('gives the merges that JavaScript does: %s', (_name, withTexts, isOnce) => {
    const options = (): LearnOptions => {
      const { texts, ...rest } = vocabulary(60, 400, isOnce);
      return withTexts ? { texts, ...rest } : rest;
    };
    const merges = learnInWasm(CountedWords.of(words), options());
    expect(merges).toEqual(new MergeLearner(CountedWords.of(words), options()).learn());
    const longest = Math.max(0, ...words.map(([symbols]) => symbols.length));
    if (longest > 1) expect(merges!.length).toBeGreaterThan(10);
  });
});

const [, words] = KINDS[0]!;

it('stops at the least frequency', () => {
  const options = () => ({ ...vocabulary(3, Infinity, false), minFrequency: 100 });
  const merges = learnInWasm(CountedWords.of(words), options())!;
  expect(merges).toEqual(new MergeLearner(CountedWords.of(words), options()).learn());
  expect(merges.length).toBeGreaterThan(3);
  expect(merges.length).toBeLessThan(1000);
});

it('hands on what a caller throws', () => {
  const onProgress = () => {
    throw new Error('enough of it');
  };
  expect(() => learnMerges(CountedWords.of(words), { ...vocabulary(3, 9, false), join: onProgress })).toThrow(
    'enough of it',
  );
});

interface Api {
  Module: object;
  Instance: new (module: object, imports: object) => { exports: object };
}

describe('where WebAssembly fails', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('leaves it to JavaScript', () => {
    const expected = new MergeLearner(CountedWords.of(words), vocabulary(3, 50, false)).learn();
    vi.stubGlobal('WebAssembly', undefined);
    expect(learnMerges(CountedWords.of(words), vocabulary(3, 50, false))).toEqual(expected);
  });

  it('does so in the middle, asking for no token twice', () => {
    const expected = new MergeLearner(CountedWords.of(words), vocabulary(3, 50, true)).learn();
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
    let limit = 20;
    const failing = class {
      exports: object;
      constructor(module: object, imports: { attune: { join(left: number, right: number): number } }) {
        const join = (left: number, right: number) => {
          if (limit-- === 0) throw new Error('unreachable');
          return imports.attune.join(left, right);
        };
        this.exports = new Instance(module, { attune: { join } }).exports;
      }
    };
    vi.stubGlobal('WebAssembly', { Module, Instance: failing });
    expect(learnMerges(CountedWords.of(words), vocabulary(3, 50, true))).toEqual(expected);
    expect(limit).toBeLessThan(0);
  });
});
