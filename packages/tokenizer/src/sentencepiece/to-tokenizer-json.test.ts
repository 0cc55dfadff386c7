import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { compileCharsMap } from '../text/chars-map-writer.ts';
import { Tokenizer } from '../tokenizer.ts';
import type { SentencePieceModel } from './model-file.ts';
import { SentencePiece } from './sentencepiece.ts';
import { toTokenizerJson } from './to-tokenizer-json.ts';

interface Case {
  name: string;
  model: string;
  digest: string;
  encodings: [text: string, ids: number[]][];
}
const cases = readFixture<Case[]>('conversion.json.gz');
const others = readFixture<Case[]>('sentencepiece.json.gz');
const load = ({ model }: Case) => SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1')));

describe.each(cases.map((each) => [each.name, each] as const))('%s as tokenizer.json', (_, each) => {
  const original = load(each);
  const json = JSON.stringify(toTokenizerJson(original));
  const converted = Tokenizer.fromJSON(json);

  it('is the file that Hugging Face encodes with as SentencePiece does', () => {
    expect(createHash('sha256').update(json).digest('hex')).toBe(each.digest);
  });

  it('encodes as SentencePiece, with and without offsets, and decodes', () => {
    for (const [text, ids] of each.encodings) {
      expect(original.encodeIds(text), text).toEqual(ids);
      expect(converted.encodeIds(text), text).toEqual(ids);
      const encoding = converted.encode(text);
      expect(encoding.ids, text).toEqual(ids);
      // Texts that hold ▁ themselves begin with several spaces, of which SentencePiece takes off more.
      const isPlain = !ids.includes(original.model.unkId) && !text.includes('▁');
      if (isPlain) expect(converted.decode(ids), text).toBe(original.decode(ids));
    }
  });

  it('keeps special tokens out of texts', () => {
    expect(converted.vocabSize).toBe(original.vocabSize);
    expect(converted.encodeIds('a<s>')).toEqual(original.encodeIds('a<s>'));
    expect(converted.encodeIds('<s>', { specialTokens: 'allow' })).toContain(original.model.bosId);
  });
});

it.each(others.map((each) => [each.name, each] as const))(
  'converts %s, or names what it cannot',
  (name, each) => {
    const original = load(each);
    const refused: Record<string, string> = {
      'unigram suffix': 'treat_whitespace_as_suffix',
      'bpe byte fallback': 'user-defined symbol "  "',
      word: 'word models',
    };
    if (refused[name]) {
      expect(() => toTokenizerJson(original)).toThrow(refused[name]);
      return;
    }
    const converted = Tokenizer.fromJSON(toTokenizerJson(original));
    for (const [text, ids] of each.encodings) expect(converted.encodeIds(text), text).toEqual(ids);
  },
);

describe('what the format cannot say', () => {
  const { model } = load(cases[0]!);
  const refused = (changes: Partial<SentencePieceModel>) => () =>
    toTokenizerJson(SentencePiece.fromParts({ ...model, ...changes }));
  const withRules = (rules: [string, string][]) => ({
    normalizer: {
      ...model.normalizer,
      name: 'user_defined',
      precompiledCharsmap: compileCharsMap(new Map(rules)),
    },
  });

  it('is named', () => {
    const pieces = model.pieces.map((piece, id) => (id === 9 ? { ...piece, type: 5 } : piece));
    expect(refused({ pieces })).toThrow('UNUSED');
    expect(refused({ denormalizerCharsmap: compileCharsMap(new Map([['a', 'b']])) })).toThrow(
      'denormalization',
    );
    expect(refused({ normalizer: { ...model.normalizer, escapeWhitespaces: false } })).toThrow(
      'escape_whitespaces',
    );
    expect(
      refused(
        withRules([
          ['ab', 'c'],
          ['bd', 'e'],
        ]),
      ),
    ).toThrow('overlap');
    expect(
      refused(
        withRules([
          ['ab', 'c'],
          ['c', 'e'],
        ]),
      ),
    ).toThrow('follow from each other');
    const many = Array.from({ length: 1001 }, (_, i): [string, string] => [
      `${String.fromCharCode(0x4e00 + i)}a`,
      '',
    ]);
    expect(refused(withRules(many))).toThrow('1001 rules');
  });

  it('does not stop the rest', () => {
    const { normalizer } = refused(
      withRules([
        ['ab', 'XY'],
        ['q', 'w'],
      ]),
    )();
    expect(JSON.stringify(normalizer)).toContain('"pattern":{"String":"ab"},"content":"XY"');
  });
});

it('puts bos and eos around sequences where they are asked for', () => {
  const original = load(cases[4]!);
  const { bosId, eosId } = original.model;
  const converted = Tokenizer.fromJSON(toTokenizerJson(original, { bos: true, eos: true }));
  expect(converted.encodeIds('low')).toEqual(original.encodeIds('low', { bos: true, eos: true }));
  const { ids, typeIds } = converted.encode('low', { pair: 'new' });
  expect(ids.filter((id) => id === bosId || id === eosId)).toEqual([bosId, eosId, bosId, eosId]);
  expect(new Set(typeIds)).toEqual(new Set([0, 1]));
  const without = SentencePiece.fromParts({ ...original.model, bosId: -1 });
  expect(() => toTokenizerJson(without, { bos: true })).toThrow('no bos piece');
});
