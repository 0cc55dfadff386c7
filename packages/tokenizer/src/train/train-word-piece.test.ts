import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { trainWordPiece } from './train-word-piece.ts';

const reference = readFixture<{
  texts: string[];
  cases: {
    name: string;
    options: {
      vocab_size: number;
      lowercase: boolean;
      min_frequency?: number;
      limit_alphabet?: number;
      initial_alphabet?: string[];
    };
    special: string[];
    tokens: string[];
  }[];
}>('word-piece-training.json.gz');
const { corpus } = readFixture<{ corpus: string[] }>('byte-level.json');

it('learns pieces that cover the corpus', () => {
  const tokenizer = trainWordPiece(corpus, { vocabSize: 200 });
  expect(tokenizer.vocabSize).toBe(200);
  const unknown = tokenizer.tokenToId('[UNK]')!;
  for (const text of corpus) expect(tokenizer.encodeIds(text)).not.toContain(unknown);
  const tokens = corpus.reduce((sum, text) => sum + tokenizer.encodeIds(text).length, 0);
  const small = trainWordPiece(corpus, { vocabSize: 120 });
  expect(tokens).toBeLessThan(corpus.reduce((sum, text) => sum + small.encodeIds(text).length, 0));
});

it('joins the most frequent pair first', () => {
  const tokenizer = trainWordPiece(['ab ab ab cd cd e'], { vocabSize: 13 });
  // 5 special tokens, a b c d e, ##b ##d, and one learned piece.
  expect(tokenizer.tokenToId('ab')).toBe(12);
  expect(tokenizer.encode('ab cd', { addSpecialTokens: false }).tokens).toEqual(['ab', 'c', '##d']);
});

it('limits the alphabet to the most frequent characters', () => {
  const tokenizer = trainWordPiece(['aaaa bbb c'], { vocabSize: 100, limitAlphabet: 2 });
  expect(tokenizer.tokenToId('c')).toBeUndefined();
  expect(tokenizer.encode('c', { addSpecialTokens: false }).tokens).toEqual(['[UNK]']);
});

it('says when the vocabulary is too small', () => {
  expect(() => trainWordPiece(['abc'], { vocabSize: 6 })).toThrow('vocabSize must be at least');
});

describe.each(reference.cases.map((each) => [each.name, each] as const))(
  '%s',
  (_, { options, special, tokens }) => {
    it('learns the vocabulary of the reference, where that is the same every time', () => {
      const trained = trainWordPiece(reference.texts, {
        vocabSize: options.vocab_size,
        lowercase: options.lowercase,
        minFrequency: options.min_frequency,
        limitAlphabet: options.limit_alphabet,
        initialAlphabet: options.initial_alphabet,
        specialTokens: special,
      });
      expect(Array.from({ length: trained.vocabSize }, (_, id) => trained.idToToken(id))).toEqual(tokens);
    });
  },
);
