import { describe, expect, it, vi } from 'vitest';
import type { EncodeOptions } from '../encode-options.ts';
import { readFixture } from '../fixtures/read-fixture.ts';
import { fromTiktoken, Tokenizer, trainBPE } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';
import { BYTE_TO_CHAR } from '../text/byte-alphabet.ts';
import { Bpe } from './bpe.ts';
import { MergeTree } from './merge-tree.ts';

const { texts, tiktoken } = readFixture<{ texts: string[]; tiktoken: { ranks: string } }>('formats.json.gz');
const random = seededRandom(7);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const words = [
  ...texts.join(' ').split(/(?<= )/),
  ...texts.flatMap((text) => [...text].slice(0, 40)),
  'aaaaaaa',
  'abab',
];
const randomTexts = Array.from({ length: 250 }, () =>
  Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(words)).join(''),
);
const corpus = [...texts, ...randomTexts.slice(0, 300)];

/** Every word of a text of its own, so that the merges of long words are tried too. */
const glued = randomTexts.map((text) => text.replaceAll(/\s/g, ''));

/** The fast paths in WebAssembly and, as where a security policy forbids that, in JavaScript. */
function bothPaths(create: () => Tokenizer): Tokenizer[] {
  const usual = create();
  vi.stubGlobal('WebAssembly', undefined);
  const scripted = create();
  vi.unstubAllGlobals();
  return [usual, scripted];
}

/** Both come to what the slow path does. */
function agree(paths: Tokenizer[], texts: string[], options?: EncodeOptions): void {
  for (const text of texts) {
    const slow = paths[0]!.encode(text, options).ids;
    for (const path of paths) expect(path.encodeIds(text, options)).toEqual(slow);
  }
}

describe('the fast path equals the slow one', () => {
  it.each(['gpt2', 'cl100k', 'o200k', 'llama3', 'qwen2'] as const)(
    'with the ranks of a file, %s',
    (pattern) => {
      const paths = bothPaths(() => fromTiktoken(tiktoken.ranks, { pattern }));
      agree(paths, [...texts, ...randomTexts, ...glued]);
    },
  );

  it('with trained merges, special tokens and a long text', () => {
    const specialTokens = ['<s>', '<|endoftext|>'];
    const paths = bothPaths(() => trainBPE(corpus, { vocabSize: 2000, specialTokens }));
    const long = randomTexts.join(' <s> ').repeat(3);
    agree(paths, [long], { specialTokens: 'text' });
    agree(paths, [long], { specialTokens: 'allow' });
    agree(paths, glued);
  });

  it("with words that are remembered, take each other's places and come back", () => {
    const paths = bothPaths(() => trainBPE(corpus, { vocabSize: 700 }));
    const letters = [...'etaonis0é日本', 'は'];
    const many = Array.from({ length: 12_000 }, () =>
      Array.from({ length: 1 + Math.floor(random() * 14) }, () => pick(letters)).join(''),
    );
    const chosen = Array.from({ length: 20_000 }, () => pick(many)).join(' ');
    agree(paths, [chosen, chosen]);
  });

  it('with a token that only stands for a whole word, until it is special', () => {
    const json = JSON.parse(JSON.stringify(trainBPE(corpus, { vocabSize: 300 })));
    json.model.ignore_merges = true;
    json.model.vocab.zqzq = 300;
    for (const tokenizer of bothPaths(() => Tokenizer.fromJSON(json))) {
      expect(tokenizer.encodeIds('zqzq')).toEqual([300]);
      expect(tokenizer.encodeIds('zqzqz')).toEqual(tokenizer.encode('zqzqz').ids);
      tokenizer.addTokens([{ content: 'zqzq', special: true }]);
      expect(tokenizer.encodeIds('zqzq')).not.toContain(300);
      expect(tokenizer.encodeIds('zqzq')).toEqual(tokenizer.encode('zqzq').ids);
    }
  });
});

/** A model with random merges in random order, as no trainer makes them. */
function randomBpe(merges: number): Bpe {
  const letters = 'abc';
  const vocab: Record<string, number> = {};
  for (const char of BYTE_TO_CHAR) vocab[char] = Object.keys(vocab).length;
  const tokens = [...letters];
  const list: [string, string][] = [];
  for (let i = 0; i < merges; i++) {
    const [left, right] = [pick(tokens), pick(tokens)];
    list.push([left, right]);
    if (vocab[left + right] !== undefined) continue;
    vocab[left + right] = Object.keys(vocab).length;
    tokens.push(left + right);
  }
  if (random() < 0.5) list.sort(() => random() - 0.5);
  return new Bpe({ vocab, merges: list, ignore_merges: random() < 0.3 });
}

describe('merges of any kind', () => {
  it('are encoded as by merging, whether or not BPE may have to go back', () => {
    let usual = 0;
    for (let round = 0; round < 60; round++) {
      const bpe = randomBpe(3 + Math.floor(random() * 20));
      const byteIds = Int32Array.from(BYTE_TO_CHAR, (char) => bpe.vocabulary.ids.get(char)!);
      if (MergeTree.create(bpe.vocabulary.tokens.length, byteIds, bpe.mergeIds)) usual++;
      const json = {
        truncation: null,
        padding: null,
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
        post_processor: null,
        decoder: { type: 'ByteLevel' },
        model: bpe.toJSON(),
      };
      const letters = [...'abc'];
      const words = Array.from({ length: 20 }, () =>
        Array.from({ length: 1 + Math.floor(random() * 20) }, () => pick(letters)).join(''),
      );
      agree(
        bothPaths(() => Tokenizer.fromJSON(json)),
        words,
      );
    }
    // Both kinds are met.
    expect(usual).toBeGreaterThan(10);
    expect(usual).toBeLessThan(50);
  });
});
