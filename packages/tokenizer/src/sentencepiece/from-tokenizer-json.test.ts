import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { fromBertVocab } from '../formats/bert.ts';
import { Tokenizer } from '../tokenizer.ts';
import type { TokenizerJson } from '../tokenizer-json.ts';
import { trainBPE } from '../train/train-bpe.ts';
import { toSentencePiece } from './from-tokenizer-json.ts';
import { SentencePiece } from './sentencepiece.ts';
import { toTokenizerJson } from './to-tokenizer-json.ts';

const cases =
  readFixture<{ name: string; model: string; back: string; encodings: [text: string, ids: number[]][] }[]>(
    'conversion.json.gz',
  );
const load = ({ model }: { model: string }) =>
  SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1')));

describe.each(cases.map((each) => [each.name, each] as const))(
  '%s, to tokenizer.json and back',
  (_, each) => {
    const original = load(each);
    const json = JSON.stringify(toTokenizerJson(original));
    const back = toSentencePiece(Tokenizer.fromJSON(json));

    it('encodes and decodes as before', () => {
      for (const [text, ids] of each.encodings) {
        expect(back.encodeIds(text), text).toEqual(ids);
        expect(back.decode(ids), text).toBe(original.decode(ids));
      }
      expect(back.model.bosId).toBe(original.model.bosId);
      expect(back.model.pieces.map(({ piece }) => piece)).toEqual(
        original.model.pieces.map(({ piece }) => piece),
      );
    });

    it('is the file that the original has loaded and encoded with', () => {
      expect(createHash('sha256').update(back.toModel()).digest('hex')).toBe(each.back);
    });

    it('keeps its pieces when it goes around once more', () => {
      const again = toSentencePiece(Tokenizer.fromJSON(toTokenizerJson(back)));
      expect(again.model.pieces.map(({ piece, type }) => [piece, type])).toEqual(
        back.model.pieces.map(({ piece, type }) => [piece, type]),
      );
    });
  },
);

describe('what SentencePiece cannot say', () => {
  const json = (index: number) =>
    JSON.parse(JSON.stringify(toTokenizerJson(load(cases[index]!)))) as TokenizerJson;
  const [unigram, bpe] = [json(2), json(4)];
  const refusal = (from: TokenizerJson, changes: object) => () =>
    toSentencePiece(Tokenizer.fromJSON({ ...structuredClone(from), ...changes } as TokenizerJson));
  const model = bpe.model as { merges: [string, string][] };

  it('is named', () => {
    expect(() => toSentencePiece(trainBPE(['a b a b'], { vocabSize: 258 }))).toThrow(/ByteLevel|▁/);
    expect(() => toSentencePiece(fromBertVocab('[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n'))).toThrow(
      'counterpart for',
    );
    expect(
      refusal(unigram, { normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'Metaspace' } }),
    ).toThrow('the normalizer Lowercase');
    expect(refusal(unigram, { pre_tokenizer: { type: 'Whitespace' } })).toThrow(
      'the pre-tokenizer Whitespace',
    );
    expect(refusal(unigram, { pre_tokenizer: { type: 'Metaspace' } })).toThrow(
      'pieces that reach over words',
    );
    expect(refusal(unigram, { normalizer: null })).toThrow('▁');
    expect(refusal(unigram, { decoder: { type: 'ByteLevel' } })).toThrow('the decoder ByteLevel');
    expect(refusal(unigram, { model: { ...unigram.model, unk_id: null } })).toThrow(
      'without an unknown token',
    );
    const truncation = { max_length: 5, stride: 0, strategy: 'LongestFirst' };
    expect(refusal(unigram, { truncation })).toThrow('truncation');
    const bpeWith = (changes: object) => refusal(bpe, { model: { ...bpe.model, ...changes } });
    expect(bpeWith({ merges: model.merges.slice(1) })).toThrow('leave out');
    expect(bpeWith({ merges: [...model.merges.slice(1), model.merges[0]!] })).not.toThrow(); // one token, one merge
    expect(bpeWith({ fuse_unk: false })).toThrow('fuse_unk');
    expect(bpeWith({ ignore_merges: true })).toThrow('ignore_merges');
    const gap = { id: 5000, content: '<x>', special: true, normalized: false, lstrip: false, rstrip: false };
    expect(refusal(bpe, { added_tokens: [...bpe.added_tokens, gap] })).toThrow('ids that no token has');
  });

  it('is not what transformers writes for T5', () => {
    const { precompiled_charsmap } = (
      json(0).normalizer!.normalizers as { precompiled_charsmap: string }[]
    )[1]!;
    const t5 = {
      ...json(0),
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Precompiled', precompiled_charsmap },
          { type: 'Strip', strip_left: false, strip_right: true },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
        ],
      },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
        special_tokens: { '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] } },
      },
    };
    const back = toSentencePiece(Tokenizer.fromJSON(t5 as TokenizerJson));
    for (const [text, ids] of cases[0]!.encodings) expect(back.encodeIds(text), text).toEqual(ids);
    expect(back.encodeIds('low', { eos: true })).toEqual([...back.encodeIds('low'), 2]);
  });
});
