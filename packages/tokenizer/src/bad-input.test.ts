import { describe, expect, it } from 'vitest';
import { byteTokenizer, trainBPE, trainUnigram, trainWordPiece } from './index.ts';

const texts = ['low lower lowest', 'new newer newest'];
const bpe = trainBPE(texts, { vocabSize: 270, specialTokens: ['<eos>'] });
const unigram = trainUnigram(texts, { vocabSize: 20, hardVocabLimit: false });
const wordPiece = trainWordPiece(texts, { vocabSize: 40 });
const rubbish: unknown[] = [undefined, null, 7, {}, ['low']];

describe.each([
  ['BPE', bpe],
  ['Unigram', unigram],
  ['WordPiece', wordPiece],
] as const)('%s', (_, tokenizer) => {
  it('names what is not a text', () => {
    for (const text of rubbish) {
      expect(() => tokenizer.encodeIds(text as string), String(text)).toThrow(
        'a text must be a string, found',
      );
      expect(() => tokenizer.encode(text as string), String(text)).toThrow('a text must be a string, found');
    }
    expect(tokenizer.encodeIds('')).toEqual(tokenizer.encode('').ids);
  });

  it('names ids that there are not', () => {
    for (const id of [-1, 1.5, Number.NaN, 1e9])
      expect(() => tokenizer.decode([id])).toThrow(`id ${id} is not`);
  });

  it('names a bad alpha', () => {
    if (tokenizer === wordPiece) return;
    const sampling = { alpha: Number.NaN };
    expect(() => tokenizer.encodeIds('low', { sampling })).toThrow('found NaN');
  });
});

it('names a way to treat special tokens that there is not', () => {
  expect(() => bpe.encodeIds('low', { specialTokens: 'allowed' as 'allow' })).toThrow('found "allowed"');
  expect(() => bpe.encode('low', { specialTokens: 'allowed' as 'allow' })).toThrow('found "allowed"');
});

it('names tokens that cannot be added', () => {
  expect(() => byteTokenizer().addTokens([''])).toThrow('at least one character');
  expect(() => byteTokenizer().addTokens([7 as unknown as string])).toThrow('found 7');
});

it('names bad options of training', () => {
  const train = (options: Parameters<typeof trainUnigram>[1]) => () => trainUnigram(texts, options);
  expect(train({ shrinkingFactor: 2 })).toThrow('shrinkingFactor');
  expect(train({ subIterations: 0 })).toThrow('subIterations');
  expect(train({ maxPieceLength: 0 })).toThrow('maxPieceLength');
  expect(train({ characterCoverage: Number.NaN })).toThrow('characterCoverage');
  expect(train({ userDefinedSymbols: ['<x>'], controlSymbols: ['<x>'] })).toThrow('"<x>" is there already');
  expect(() => trainBPE([7 as unknown as string])).toThrow('a text must be a string, found number');
});
