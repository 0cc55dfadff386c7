import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { seededRandom } from '../seeded-random.ts';
import { Tokenizer } from '../tokenizer.ts';
import type { TokenizerJson } from '../tokenizer-json.ts';
import { TokenizerConfig } from './tokenizer-config.ts';

const { config, bare, texts, ids, mask } = readFixture<{
  config: Record<string, unknown>;
  bare: TokenizerJson;
  texts: string[];
  ids: number[][];
  mask: number[][];
}>('tokenizer-config.json');

it('makes of a tokenizer what transformers makes of it', () => {
  const read = TokenizerConfig.fromJSON(JSON.stringify(config));
  const tokenizer = read.applyTo(Tokenizer.fromJSON(bare));
  const batch = tokenizer.encodeBatch(texts, { ...read.encodeOptions, specialTokens: 'allow' });
  expect(batch.map((encoding) => encoding.ids)).toEqual(ids);
  expect(batch.map((encoding) => encoding.attentionMask)).toEqual(mask);
  expect(read.roles).toEqual({ bos: '<s>', eos: '</s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' });
  expect(read.additional).toEqual(['<tool>']);
  expect(read.maxLength).toBe(12);
  expect(tokenizer.specialTokens['<mask>']).toBe(8);
});

it('loses nothing', () => {
  const text = JSON.stringify({ ...config, chat_template: '{{ x }}', unknown: [1, { a: null }] });
  expect(JSON.stringify(TokenizerConfig.fromJSON(text))).toBe(text);
});

it('adds tokens that only have a role, and knows no limit of 10³⁰', () => {
  const read = TokenizerConfig.fromJSON({
    bos_token: { content: '<s>' },
    pad_token: null,
    model_max_length: 1e30,
  });
  expect(Object.keys(read.applyTo(Tokenizer.fromJSON(bare)).specialTokens)).toEqual(['<s>']);
  expect(read.encodeOptions).toEqual({ truncation: false, padding: false });
});

it('says what is wrong', () => {
  const read = (json: object) => () => TokenizerConfig.fromJSON(json);
  expect(read([])).toThrow('the file must be an object, found []');
  expect(read({ bos_token: 3 })).toThrow('bos_token must be a string or an object with content, found 3');
  expect(read({ additional_special_tokens: 'x' })).toThrow('additional_special_tokens must be an array');
  expect(read({ added_tokens_decoder: { x: 'y' } })).toThrow('added_tokens_decoder["x"] must be at an id');
  expect(read({ added_tokens_decoder: { 1: { content: 'a', special: 1 } } })).toThrow(
    'special must be true or false',
  );
  const other = TokenizerConfig.fromJSON({ added_tokens_decoder: { 77: { content: '<new>' } } });
  expect(() => other.applyTo(Tokenizer.fromJSON(bare))).toThrow('must have id 77');
});

it('reads a damaged file or says why not', () => {
  const text = JSON.stringify(config);
  const random = seededRandom(6);
  for (let i = 0; i < 200; i++) {
    const at = Math.floor(random() * text.length);
    const damaged =
      text.slice(0, at) + '{}[]",:0x'[Math.floor(random() * 9)] + text.slice(at + Math.floor(random() * 3));
    try {
      TokenizerConfig.fromJSON(damaged);
    } catch (error) {
      expect((error as Error).message).toMatch(/tokenizer_config\.json|JSON/);
    }
  }
});
