import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { SentencePiece } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';

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

it('the fast path equals the slow one with every model', () => {
  for (const { model } of models) {
    const tokenizer = SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1')));
    for (const text of [...texts, ...randomTexts, ...ties, randomTexts.join('')]) {
      expect(tokenizer.encodeIds(text)).toEqual(tokenizer.encode(text).ids);
    }
  }
});

it('lone surrogates are U+FFFD', () => {
  const tokenizer = SentencePiece.fromModel(new Uint8Array(Buffer.from(models[0]!.model, 'latin1')));
  expect(tokenizer.encodeIds('a\ud800 b\udc00')).toEqual(tokenizer.encodeIds('a\ufffd b\ufffd'));
});
