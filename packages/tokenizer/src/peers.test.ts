import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import { fromTiktokenPackage, PRESETS, SentencePiece, type TiktokenEncoder } from './index.ts';

/** The best known packages that do part of this: they must come to the same ids. */
const require = createRequire(import.meta.url);
const { Tiktoken } = require('tiktoken/lite') as typeof import('tiktoken/lite');
const { SentencePieceProcessor } = require('sentencepiece-js') as {
  SentencePieceProcessor: new () => {
    load(file: string): Promise<void>;
    encodeIds(text: string): ArrayLike<number>;
    decodeIds(ids: number[]): string;
  };
};
const { texts } = readFixture<{ texts: string[] }>('components.json.gz');
const models =
  readFixture<{ name: string; model: string; encodings: [string, number[]][] }[]>('sentencepiece.json.gz');

describe('npm tiktoken', () => {
  const encoderOf = (name: string): TiktokenEncoder => require(`tiktoken/encoders/${name}.json`);

  it.each(['gpt2', 'cl100k_base', 'o200k_base'] as const)('%s encodes and decodes alike', (name) => {
    const encoder = encoderOf(name);
    const peer = new Tiktoken(encoder.bpe_ranks, encoder.special_tokens, encoder.pat_str);
    const tokenizer = fromTiktokenPackage(encoder);
    for (const text of [...texts, texts.join('\n')]) {
      const ids = [...peer.encode_ordinary(text)];
      expect(tokenizer.encodeIds(text), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    }
    const text = `a${Object.keys(encoder.special_tokens).join(' b')}<|unknown|>`;
    expect(tokenizer.encodeIds(text, { specialTokens: 'allow' })).toEqual([...peer.encode(text, 'all')]);
    peer.free();
  });

  it.each(['gpt2', 'r50k_base', 'p50k_base', 'p50k_edit', 'cl100k_base', 'o200k_base'] as const)(
    '%s has the special tokens of the preset',
    (name) => {
      expect(encoderOf(name).special_tokens).toEqual(PRESETS[name].specialTokens);
    },
  );
});

it('says what is wrong with an encoder', () => {
  expect(() => fromTiktokenPackage({} as TiktokenEncoder)).toThrow('must have bpe_ranks');
  const encoder = { bpe_ranks: '! x IQ==', pat_str: '.', special_tokens: {} };
  expect(() => fromTiktokenPackage(encoder)).toThrow('line 1 of bpe_ranks');
});

it('npm sentencepiece-js encodes and decodes every type of model alike', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-sentencepiece-'));
  for (const { name, model, encodings } of models.filter((_, i) => i % 3 !== 1)) {
    const file = join(folder, 'x.model');
    const bytes = Buffer.from(model, 'latin1');
    writeFileSync(file, bytes);
    const peer = new SentencePieceProcessor();
    await peer.load(file);
    const tokenizer = SentencePiece.fromModel(bytes);
    for (const [text] of encodings) {
      const ids = tokenizer.encodeIds(text);
      expect([...Array.from(peer.encodeIds(text))], `${name}: ${text}`).toEqual(ids);
      expect(peer.decodeIds(ids)).toBe(tokenizer.decode(ids));
    }
  }
  rmSync(folder, { recursive: true });
});
