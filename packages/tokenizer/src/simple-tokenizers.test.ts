import { expect, it } from 'vitest';
import { byteTokenizer, characterTokenizer, Tokenizer } from './index.ts';

const TEXT = 'low 日本 👍🏽\n\0';

it('encodes bytes', () => {
  const tokenizer = byteTokenizer({ specialTokens: ['<eos>'] });
  expect(tokenizer.vocabSize).toBe(257);
  expect(tokenizer.encodeIds(TEXT)).toHaveLength(new TextEncoder().encode(TEXT).length);
  expect(tokenizer.decode(tokenizer.encodeIds(TEXT))).toBe(TEXT);
});

it('encodes characters', () => {
  const tokenizer = characterTokenizer([TEXT, 'wide'], { specialTokens: ['<pad>'] });
  expect(tokenizer.encode(TEXT).tokens).toEqual([...TEXT]);
  expect(tokenizer.decode(tokenizer.encodeIds(TEXT))).toBe(TEXT);
  expect(tokenizer.encodeIds('lx')).toEqual([tokenizer.tokenToId('l'), tokenizer.tokenToId('<unk>')]);
  expect([tokenizer.tokenToId('<pad>'), tokenizer.tokenToId('<unk>')]).toEqual([0, 1]);
  const again = Tokenizer.fromJSON(JSON.stringify(tokenizer));
  expect(again.encodeIds(TEXT)).toEqual(tokenizer.encodeIds(TEXT));
});
