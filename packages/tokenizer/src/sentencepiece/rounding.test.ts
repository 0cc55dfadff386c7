import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { SentencePiece } from './sentencepiece.ts';

const { texts, long, models } = readFixture<{
  texts: string[];
  long: string;
  models: { name: string; model: string; ids: number[][]; longCount: number; longDigest: string }[];
}>('rounding.json.gz');
const digest = (ids: number[]) => createHash('sha256').update(ids.join(' ')).digest('hex');

describe.each(models.map((each) => [each.name, each] as const))('sums in floats: %s', (_, each) => {
  const tokenizer = SentencePiece.fromModel(new Uint8Array(Buffer.from(each.model, 'latin1')));

  it('decide between segmentations that are as good as in the original', () => {
    texts.forEach((text, i) => {
      expect(tokenizer.encodeIds(text), text).toEqual(each.ids[i]);
      expect(tokenizer.encode(text).ids, text).toEqual(each.ids[i]);
    });
  });

  it('are set back in long texts', () => {
    for (const ids of [tokenizer.encodeIds(long), tokenizer.encode(long).ids]) {
      expect(ids).toHaveLength(each.longCount);
      expect(digest(ids)).toBe(each.longDigest);
    }
  });

  it('start anew with every text', () => {
    tokenizer.encodeIds(long);
    expect(tokenizer.encodeIds(texts[0]!)).toEqual(each.ids[0]);
  });
});
