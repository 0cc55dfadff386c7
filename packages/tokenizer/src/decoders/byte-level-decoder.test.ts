import { expect, it, vi } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { Tokenizer, trainBPE } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';
import { wellFormed } from '../text/well-formed.ts';

const { texts } = readFixture<{ texts: string[] }>('formats.json.gz');
const long = 'x'.repeat(70);
const json = JSON.stringify(
  trainBPE([...texts, ...Array(9).fill(long), ...Array(9).fill('z'.repeat(300))], {
    vocabSize: 3000,
    pattern: 'cl100k',
    specialTokens: ['<|end|>', '<|日本|>'],
  }),
);

/** The same tokenizer with WebAssembly, without, and with the readable decoder. */
function twins(): { fast: Tokenizer; script: Tokenizer; slow: Tokenizer } {
  const fast = Tokenizer.fromJSON(json);
  const parsed = JSON.parse(json);
  const slow = Tokenizer.fromJSON({
    ...parsed,
    decoder: { type: 'Sequence', decoders: [{ type: 'ByteLevel' }] },
  });
  vi.stubGlobal('WebAssembly', undefined);
  const script = Tokenizer.fromJSON(json);
  vi.unstubAllGlobals();
  return { fast, script, slow };
}

const { fast, script, slow } = twins();
const random = seededRandom(5);
const randomIds = (count: number, limit: number) =>
  Array.from({ length: count }, () => Math.floor(random() * limit));

function expectSame(ids: Iterable<number>): void {
  for (const skipSpecialTokens of [false, true]) {
    const decoded = fast.decode(ids, { skipSpecialTokens });
    expect(decoded).toBe(slow.decode(ids, { skipSpecialTokens }));
    expect(decoded).toBe(script.decode(ids, { skipSpecialTokens }));
  }
}

it('gives back the texts', () => {
  for (const text of [...texts, long, 'z'.repeat(100_000), '']) {
    expect(fast.decode(fast.encodeIds(text))).toBe(wellFormed(text));
  }
});

it('decodes what the readable decoder does', () => {
  const { vocabSize } = fast;
  for (let i = 0; i < 50; i++) expectSame(randomIds(i, vocabSize));
  expectSame(randomIds(50_000, vocabSize));
  // Special tokens, one after the other, at the beginning, at the end.
  expectSame(randomIds(300, 4));
  expectSame(Int32Array.from(randomIds(20_000, vocabSize)));
  expectSame(new Set(randomIds(40, vocabSize)));
  expectSame([]);
});

it('decodes more than there is room for at once', () => {
  const longest = fast.tokenToId('z'.repeat(256)) ?? fast.encodeIds('z'.repeat(300))[0]!;
  expect(fast.decode([longest]).length).toBeGreaterThan(100);
  expectSame(Array(9000).fill(longest));
});

it('knows tokens that are added later', () => {
  const [fast, script] = [Tokenizer.fromJSON(json), Tokenizer.fromJSON(json)];
  const before = fast.decode(randomIds(100, 2000));
  expect(before.length).toBeGreaterThan(0);
  for (const tokenizer of [fast, script]) {
    tokenizer.addTokens([{ content: fast.idToToken(1000)!, special: true }, '<tool>']);
  }
  const ids = [999, 1000, fast.tokenToId('<tool>')!, 1001];
  const parts = [999, 1001].map((id) => script.decode([id]));
  expect(fast.decode(ids)).toContain('<tool>');
  expect(fast.decode(ids, { skipSpecialTokens: true })).toBe(`${parts[0]}<tool>${parts[1]}`);
});

it('refuses what is no id, by its name', () => {
  for (const id of [1e9, 4_000_000_000, 2 ** 32 + 5, -1, 1.5, Number.NaN, null, undefined, {}]) {
    for (const ids of [[id], [5, id, 6], [...randomIds(9000, 2000), id]]) {
      for (const tokenizer of [fast, script]) {
        expect(() => tokenizer.decode(ids as number[])).toThrow(`decode: id ${id} is not in the vocabulary`);
      }
    }
  }
});
