import { describe, expect, it, vi } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { fromTiktoken, trainBPE } from '../index.ts';
import { byteScannerFor, planOf } from '../pre-tokenizers/byte-scanners.ts';
import { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { seededRandom } from '../seeded-random.ts';
import { IdBuffer } from '../text/id-buffer.ts';
import { Bpe } from './bpe.ts';
import { ByteBpe } from './byte-bpe.ts';
import { WasmByteBpe } from './wasm-byte-bpe.ts';

const { texts, tiktoken } = readFixture<{ texts: string[]; tiktoken: { ranks: string } }>('formats.json.gz');
const random = seededRandom(17);
const pick = <T>(list: ArrayLike<T>): T => list[Math.floor(random() * list.length)]!;

/** The hard strings with characters left out, doubled and put elsewhere. */
const mutated = texts.flatMap((text) =>
  Array.from({ length: 3 }, () => {
    const chars = [...text.slice(0, 3000)];
    for (let i = 0; i < 5; i++) chars.splice(Math.floor(random() * chars.length), 1);
    for (let i = 0; i < 5; i++)
      chars.splice(Math.floor(random() * chars.length), 0, pick(pick(texts) || ' '));
    return chars.join('');
  }),
);
const json = trainBPE([...texts, ...mutated], { vocabSize: 1500 }).toJSON();
const bpe = new Bpe(json.model as never);

/** Both twins behind a pattern. */
function twins(pattern: string, units?: number) {
  const scan = byteScannerFor(pattern)!;
  const byteIds = bpe.vocabulary.bytes().byteIds()!;
  const vocabulary = { bytes: bpe.vocabulary.bytes(), byteIds, mergeIds: bpe.mergeIds, ignoresMerges: false };
  const wasm = WasmByteBpe.create(vocabulary, planOf(scan)!, () => false, units);
  const idsBy = (model: { encode(text: string, out: IdBuffer): boolean }) => (text: string) => {
    const out = new IdBuffer();
    return model.encode(text, out) ? out.toArray() : null;
  };
  expect(wasm).not.toBeNull();
  return { fast: idsBy(wasm!), script: idsBy(new ByteBpe(bpe, byteIds, scan, () => false)) };
}

const long = [
  ...Array.from({ length: 4 }, () => Array.from({ length: 3000 }, () => pick('ab日本 é\n')).join('')),
  'x'.repeat(300_000),
  'the quick brown fox'.repeat(10_000).replaceAll(' ', ''),
  '日本語の'.repeat(50_000),
  ' '.repeat(100_000),
  '\n \t'.repeat(50_000),
  "'".repeat(100_000),
  '7'.repeat(100_000),
  '\ud83d'.repeat(1000),
  '👍🏽'.repeat(20_000),
];

describe('ids in WebAssembly are those of JavaScript', () => {
  it.each(Object.entries(PATTERNS))('with the pattern of %s', (_, pattern) => {
    const { fast, script } = twins(pattern);
    for (const text of [...texts, ...mutated, ...long]) expect(fast(text)).toEqual(script(text));
    // All over again, with other words remembered.
    for (const text of texts) expect(fast(text)).toEqual(script(text));
  });

  it.each(Object.entries(PATTERNS))('however much of the text is seen at once, with %s', (_, pattern) => {
    const { script } = twins(pattern);
    for (const units of [16, 17, 64]) {
      const { fast } = twins(pattern, units);
      for (const text of [...texts, ...mutated, ' \n'.repeat(200), `${' '.repeat(300)}x`]) {
        expect(fast(text)).toEqual(script(text));
      }
    }
  });

  it('with more words of several tokens than are remembered', () => {
    const { fast, script } = twins(PATTERNS.gpt2);
    const words = Array.from({ length: 60_000 }, (_, i) => `${(i * 7919).toString(36)}ü`).join(' ');
    expect(fast(words)).toEqual(script(words));
    expect(fast(words)).toEqual(script(words));
  });
});

describe('where memory does not suffice', () => {
  it('the twin in JavaScript takes over', () => {
    const tokenizer = fromTiktoken(tiktoken.ranks, { pattern: 'cl100k' });
    const word = 'x'.repeat(100_000);
    const text = `a b ${word} c`;
    const { Memory } = (
      globalThis as unknown as { WebAssembly: { Memory: { prototype: { grow(): number } } } }
    ).WebAssembly;
    const grow = vi.spyOn(Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('out of memory');
    });
    const scripted = tokenizer.encodeIds(text);
    expect(grow).toHaveBeenCalled();
    grow.mockRestore();
    expect(tokenizer.encodeIds(text)).toEqual(scripted);
    expect(tokenizer.decode(scripted)).toBe(text);
  });
});
