import { afterEach, expect, it, vi } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { SentencePiece } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';
import { IdBuffer } from '../text/id-buffer.ts';
import type { ByteUnigramOptions } from './byte-unigram.ts';
import { WasmUnigram } from './wasm-unigram.ts';

const models = readFixture<{ model: string }[]>('sentencepiece.json.gz');
const { texts } = readFixture<{ texts: string[] }>('formats.json.gz');
const random = seededRandom(3);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const bits = [
  ...texts.join(' ').split(/(?<= )/),
  ...'aaeeoo  \n\n\t▁▁日本ｶﾞﬁ\u0301\u0000👍',
  ' the',
  '  ',
  '...',
];
const randomTexts = Array.from({ length: 200 }, () =>
  Array.from({ length: 1 + Math.floor(random() * 10) }, () => pick(bits)).join(''),
);
/** Runs of the same letters have many equally good segmentations, which rounding decides between. */
const ties = Array.from({ length: 30 }, () =>
  Array.from({ length: 60 }, () => pick(['a', 'e', 'ee', 'aa', ' ', 'l', 'o', '\n'])).join(''),
);

/** Characters taken out, put in twice and moved. */
const mutated = Array.from({ length: 100 }, () => {
  const chars = [...pick([...texts, ...randomTexts])].slice(0, 400);
  for (let i = 0; i < 8; i++) {
    const at = Math.floor(random() * (chars.length + 1));
    chars.splice(at, Math.floor(random() * 3), ...(pick(bits) + pick(chars.length > 0 ? chars : ['x'])));
  }
  return chars.join('');
});
const all = [...texts, ...randomTexts, ...ties, ...mutated, randomTexts.join(''), mutated.join(' ')];
const bytesOf = (model: string) => new Uint8Array(Buffer.from(model, 'latin1'));

afterEach(() => vi.unstubAllGlobals());

it('the fast path equals the slow one with every model, in WebAssembly and without', () => {
  for (const { model } of models) {
    const tokenizer = SentencePiece.fromModel(bytesOf(model));
    vi.stubGlobal('WebAssembly', undefined);
    const scripted = SentencePiece.fromModel(bytesOf(model));
    vi.unstubAllGlobals();
    // Twice: the second time, words are known.
    for (const text of [...all, ...all]) {
      const { ids } = tokenizer.encode(text);
      expect(tokenizer.encodeIds(text), text).toEqual(ids);
      expect(scripted.encodeIds(text), text).toEqual(ids);
    }
  }
});

it('is in WebAssembly here', () => {
  const options: ByteUnigramOptions = {
    pieces: [[Uint8Array.of(0x61), 0]],
    scores: Float64Array.of(-1),
    unknownScore: -11,
    unknownId: -1,
    byteIds: null,
    words: { joinsBlanks: true },
    overText: true,
  };
  const model = WasmUnigram.create(options)!;
  const out = new IdBuffer();
  const encode = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return model.encodeBytes(bytes, new DataView(bytes.buffer), bytes.length, out);
  };
  expect(encode('aaa')).toBe(true);
  expect(out.toArray()).toEqual([0, 0, 0]);
  // No piece holds it, and there is none for unknown characters.
  expect(encode('ab')).toBe(false);
  expect(out.count).toBe(3);
});

it('new words keep coming, and those of more than a few pieces are forgotten at last', () => {
  const { model } = models[0]!;
  const tokenizer = SentencePiece.fromModel(bytesOf(model));
  const words = Array.from({ length: 60_000 }, (_, i) => `q${(i * 7919) % 65_521}x${i % 7}z`);
  for (let start = 0; start < words.length; start += 1000) {
    const text = words.slice(start, start + 1000).join(' ');
    expect(tokenizer.encodeIds(text)).toEqual(tokenizer.encode(text).ids);
  }
  expect(tokenizer.encodeIds(words[0]!)).toEqual(tokenizer.encode(words[0]!).ids);
});

it('lone surrogates are U+FFFD', () => {
  const tokenizer = SentencePiece.fromModel(new Uint8Array(Buffer.from(models[0]!.model, 'latin1')));
  expect(tokenizer.encodeIds('a\ud800 b\udc00')).toEqual(tokenizer.encodeIds('a\ufffd b\ufffd'));
});
