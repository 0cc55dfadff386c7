import { describe, expect, it } from 'vitest';
import { convertOffsets } from '../encoding.ts';
import { readFixture } from '../fixtures/read-fixture.ts';
import { readSentencePieceModel, type SentencePieceModel, writeSentencePieceModel } from './model-file.ts';
import { SentencePiece } from './sentencepiece.ts';

interface Case {
  name: string;
  model: string;
  encodings: [text: string, ids: number[], pieces: string[], offsets: number[], decoded: string][];
  nbest: [text: string, list: [ids: number[], score: number][]][];
  decodings: [ids: number[], text: string][];
  pieces: [piece: string, score: number][];
}
const cases = readFixture<Case[]>('sentencepiece.json.gz');
const bytesOf = (each: Case) => new Uint8Array(Buffer.from(each.model, 'latin1'));

/** As text: comparing byte arrays element by element is slow. */
const plain = (model: SentencePieceModel) =>
  JSON.stringify(model, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );

describe.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
  const tokenizer = SentencePiece.fromModel(bytesOf(each));

  it('encodes as the original', () => {
    for (const [text, ids, pieces, offsets] of each.encodings) {
      const encoding = tokenizer.encode(text);
      expect(encoding.tokens, text).toEqual(pieces);
      expect(encoding.ids, text).toEqual(ids);
      expect(convertOffsets(encoding.offsets, text, 'codepoint').flat(), text).toEqual(offsets);
      expect(tokenizer.encodeIds(text), text).toEqual(ids);
    }
  });

  it('decodes as the original, whole and streamed', () => {
    const all = [...each.encodings.map(([, ids, , , text]) => [ids, text] as const), ...each.decodings];
    for (const [ids, text] of all) {
      expect(tokenizer.decode(ids)).toBe(text);
      const stream = tokenizer.decodeStream();
      expect(ids.map((id) => stream.push(id)).join('') + stream.end()).toBe(text);
    }
  });

  it('finds the n best', () => {
    for (const [text, list] of each.nbest) {
      const found = tokenizer.nBest(text, list.length);
      // Segmentations of equal score come in any order, and the last may be one of several.
      const last = list.at(-1)![1];
      const sure = list.filter(([, score]) => score > last + 1e-3).map(([ids]) => ids.join(' '));
      const ids = found.map((each) => each.ids.join(' '));
      for (const expected of sure) expect(ids).toContain(expected);
      expect(ids[0]).toBe(list[0]![0].join(' '));
      expect(new Set(ids).size).toBe(list.length);
    }
  });

  it('knows the pieces', () => {
    each.pieces.forEach(([piece, score], i) => {
      expect(tokenizer.idToToken(i * 9)).toBe(piece);
      expect(tokenizer.model.pieces[i * 9]!.score).toBe(score);
    });
  });

  it('writes the file it read, and one of equal meaning from its parts', () => {
    expect(Buffer.compare(tokenizer.toModel(), bytesOf(each))).toBe(0);
    const again = readSentencePieceModel(writeSentencePieceModel(tokenizer.model));
    expect(plain(again)).toBe(plain(tokenizer.model));
  });

  it('samples segmentations of the same text', () => {
    const text = 'low lower newest';
    const seeds = Array.from({ length: 30 }, (_, seed) => seed);
    const sampled = seeds.map((seed) => tokenizer.encodeIds(text, { sampling: { alpha: 0.3, seed } }));
    for (const ids of sampled)
      expect(tokenizer.decode(ids)).toBe(tokenizer.decode(tokenizer.encodeIds(text)));
    expect(tokenizer.encodeIds(text, { sampling: { alpha: 0.3, seed: 7 } })).toEqual(sampled[7]);
    const canVary = tokenizer.model.modelType === 'unigram' || tokenizer.model.modelType === 'bpe';
    if (canVary) expect(new Set(sampled.map(String)).size).toBeGreaterThan(1);
  });
});

describe('sampling from a unigram model', () => {
  const tokenizer = SentencePiece.fromModel(bytesOf(cases[0]!));

  it('draws each segmentation as often as its probability says', () => {
    const text = 'low';
    const alpha = 0.5;
    const all = tokenizer.nBest(text, 1000);
    const weights = all.map(({ score }) => Math.exp(alpha * score));
    const total = weights.reduce((a, b) => a + b);
    const counts = new Map<string, number>();
    const draws = 1500;
    for (let seed = 0; seed < draws; seed++) {
      const ids = tokenizer.encodeIds(text, { sampling: { alpha, seed } }).join(' ');
      counts.set(ids, (counts.get(ids) ?? 0) + 1);
    }
    all.forEach(({ ids }, i) => {
      const expected = weights[i]! / total;
      const error = 4 * Math.sqrt((expected * (1 - expected)) / draws) + 1e-9;
      expect(Math.abs((counts.get(ids.join(' ')) ?? 0) / draws - expected)).toBeLessThan(error);
    });
    const entropy = -weights.reduce((sum, w) => sum + (w / total) * Math.log(w / total), 0);
    expect(tokenizer.entropy(text, alpha)).toBeCloseTo(entropy, 6);
  });
});

it('names what is wrong with a file', () => {
  expect(() => SentencePiece.fromModel(new Uint8Array([1, 2, 3]))).toThrow('SentencePiece model');
  expect(() => SentencePiece.fromModel(new Uint8Array(0))).toThrow('must hold pieces');
  expect(() => SentencePiece.fromModel(bytesOf(cases[0]!).slice(0, 1000))).toThrow('cut off');
});

describe('.vocab files', () => {
  const original = SentencePiece.fromModel(bytesOf(cases[6]!));

  it('hold the pieces and scores', () => {
    const text = original.toVocab();
    const read = SentencePiece.fromVocab(text, 'bpe');
    expect(read.toVocab()).toBe(text);
    expect(read.encodeIds('low lower newest')).toEqual(original.encodeIds('low lower newest'));
    expect(SentencePiece.fromModel(read.toModel()).toVocab()).toBe(text);
  });

  it('name a bad line', () => {
    expect(() => SentencePiece.fromVocab('<unk>\t0\nlow\n', 'bpe')).toThrow('line 2');
    expect(() => SentencePiece.fromVocab('low\t-1\n', 'bpe')).toThrow('<unk> is missing');
    const text = original.toVocab();
    for (let i = 0; i < 60; i++) {
      const at = (i * 97) % text.length;
      try {
        SentencePiece.fromVocab(text.slice(0, at) + '\t\n0x-'[i % 5] + text.slice(at + (i % 3)), 'unigram');
      } catch (error) {
        expect((error as Error).message).toMatch(/SentencePiece (vocab|model)/);
      }
    }
  });
});

it('streams the ids of the whole', () => {
  const tokenizer = SentencePiece.fromModel(bytesOf(cases[0]!));
  const stream = tokenizer.encodeStream({ bos: true });
  const ids = [...stream.push('low lo'), ...stream.push('wer'), ...stream.end()];
  expect(ids).toEqual(tokenizer.encodeIds('low lower', { bos: true }));
  expect(stream.end()).toEqual(tokenizer.encodeIds('', { bos: true }));
});
