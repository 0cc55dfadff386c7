import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import {
  fromBertVocab,
  fromGpt2Files,
  fromTiktoken,
  type PATTERNS,
  toBertVocab,
  toGpt2Files,
  toTiktoken,
} from '../index.ts';
import { learnSubwordCodes, SubwordCodes } from './subword-nmt.ts';

interface Fixture {
  texts: string[];
  tiktoken: { ranks: string; specialTokens: Record<string, number>; encodings: Record<string, number[][]> };
  allowed: { text: string; ids: number[] };
  subword: { codes: string; words: [string, number][]; merges: number; encodings: [string, string[]][] }[];
  bert: { vocab: string; lowercase: boolean; encodings: number[][] }[];
}
const fixture = readFixture<Fixture>('formats.json.gz');

describe('tiktoken', () => {
  const { ranks, specialTokens, encodings } = fixture.tiktoken;

  it.each(Object.keys(encodings) as (keyof typeof PATTERNS)[])(
    'encodes as the original with %s',
    (pattern) => {
      const tokenizer = fromTiktoken(ranks, { pattern, specialTokens });
      fixture.texts.forEach((text, i) => {
        expect(tokenizer.encodeIds(text), JSON.stringify(text)).toEqual(encodings[pattern]![i]);
        expect(tokenizer.encode(text).ids, JSON.stringify(text)).toEqual(encodings[pattern]![i]);
        expect(tokenizer.decode(encodings[pattern]![i]!)).toBe(text);
      });
    },
  );

  it('matches special tokens where they are allowed', () => {
    const tokenizer = fromTiktoken(ranks, { pattern: 'cl100k', specialTokens });
    expect(tokenizer.encodeIds(fixture.allowed.text, { specialTokens: 'allow' })).toEqual(
      fixture.allowed.ids,
    );
  });

  it('writes the file it read', () => {
    expect(toTiktoken(fromTiktoken(ranks, { pattern: 'gpt2' }))).toBe(ranks);
  });

  it('names what is wrong with a file', () => {
    expect(() => fromTiktoken('IQ== 0\nnonsense\n', { pattern: 'gpt2' })).toThrow('line 2');
    expect(() => fromTiktoken('IQ== 0\n', { pattern: 'gpt2' })).toThrow('byte 0 has no token');
  });
});

describe('GPT-2 files', () => {
  it('round-trip', () => {
    const tokenizer = fromTiktoken(fixture.tiktoken.ranks, { pattern: 'gpt2' });
    const { vocab, merges } = toGpt2Files(tokenizer);
    const again = fromGpt2Files(vocab, merges);
    expect(again.tokenToId('<|endoftext|>')).toBe(tokenizer.vocabSize);
    for (const text of fixture.texts) expect(again.encodeIds(text)).toEqual(tokenizer.encodeIds(text));
    expect(toGpt2Files(again)).toEqual({ vocab, merges });
  });

  it('name a merge of an unknown token', () => {
    expect(() => fromGpt2Files('{"a":0}', '#version: 0.2\na b\n')).toThrow(
      '"b", which is not in model.vocab',
    );
  });
});

describe('BERT vocab.txt', () => {
  it.each(fixture.bert)(
    'encodes as BertTokenizer, lower case $lowercase',
    ({ vocab, lowercase, encodings }) => {
      const tokenizer = fromBertVocab(vocab, { lowercase });
      fixture.texts.slice(0, 20).forEach((text, i) => {
        expect(tokenizer.encode(text, { specialTokens: 'allow' }).ids, text).toEqual(encodings[i]);
      });
      expect(toBertVocab(tokenizer)).toBe(vocab);
    },
  );

  it('needs the unknown token', () => {
    expect(() => fromBertVocab('a\nb\n')).toThrow('[UNK] is missing');
  });
});

describe('subword-nmt', () => {
  it.each(fixture.subword)('learns and applies as the original ($merges merges)', (each) => {
    expect(learnSubwordCodes(each.words, { merges: each.merges }).toString()).toBe(each.codes);
    const codes = SubwordCodes.parse(each.codes);
    expect(codes.toString()).toBe(each.codes);
    for (const [sentence, expected] of each.encodings) {
      expect(codes.encode(sentence)).toEqual(expected);
      const spaced = sentence.replace(/^ +| +$/g, '').replace(/ +/g, ' ');
      expect(codes.decode(codes.encode(sentence))).toBe(spaced);
    }
  });

  it('names a bad line', () => {
    expect(() => SubwordCodes.parse('#version: 0.2\na b c\n')).toThrow('line 2');
    expect(() => SubwordCodes.parse('a b\n')).toThrow('#version: 0.2');
  });
});
