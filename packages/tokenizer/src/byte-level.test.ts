import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { convertOffsets, Tokenizer, trainBPE } from './index.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

interface Fixture {
  corpus: string[];
  trained: { options: Record<string, never>; tokenizer: TokenizerJson }[];
  encodings: { text: string; ids: number[]; offsets: [number, number][]; words: number[]; decoded: string }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('./fixtures/byte-level.json', import.meta.url), 'utf8'),
);
const reference = Tokenizer.fromJSON(fixture.trained[0]!.tokenizer);

describe('training', () => {
  it.each(fixture.trained.map((each) => [each.options, each.tokenizer] as const))(
    'equals the reference trainer with %o',
    (options, expected) => {
      const trained = trainBPE(fixture.corpus, {
        vocabSize: options.vocab_size,
        minFrequency: options.min_frequency,
        specialTokens: options.special_tokens,
        maxTokenLength: options.max_token_length,
      });
      expect(JSON.parse(JSON.stringify(trained))).toEqual(expected);
    },
  );

  it('does not depend on how the corpus is cut into an iterable', () => {
    const fromGenerator = trainBPE(
      (function* () {
        yield* fixture.corpus;
      })(),
      { vocabSize: 300 },
    );
    expect(JSON.stringify(fromGenerator)).toBe(JSON.stringify(trainBPE(fixture.corpus, { vocabSize: 300 })));
  });

  it('refuses a vocabulary too small for the bytes', () => {
    expect(() => trainBPE([], { vocabSize: 256, specialTokens: ['<s>'] })).toThrow(
      'vocabSize must be at least 257',
    );
  });
});

describe('encoding and decoding', () => {
  it.each(fixture.encodings.map((each) => [each.text.slice(0, 40), each] as const))(
    'equals the reference on %j',
    (_, { text, ids, offsets, words, decoded }) => {
      const encoding = reference.encode(text, { specialTokens: 'allow' });
      expect(encoding.ids).toEqual(ids);
      expect(convertOffsets(encoding.offsets, text, 'codepoint')).toEqual(offsets);
      expect(encoding.wordIds).toEqual(words);
      expect(reference.encodeIds(text, { specialTokens: 'allow' })).toEqual(ids);
      expect(reference.decode(ids)).toBe(text);
      expect(reference.decode(ids, { skipSpecialTokens: true })).toBe(decoded);
    },
  );

  it('encodes lone surrogates as U+FFFD', () => {
    expect(reference.encodeIds('a\ud800b\udc00')).toEqual(reference.encodeIds('a\ufffdb\ufffd'));
  });

  it('names an id that does not exist', () => {
    expect(() => reference.decode([500])).toThrow('id 500 is not in the vocabulary');
  });
});

describe('streaming decode', () => {
  it.each(fixture.encodings.map((each) => each.text))('equals the whole for %j', (text) => {
    const ids = reference.encodeIds(text);
    const stream = reference.decodeStream();
    const parts = ids.map((id) => stream.push(id));
    expect(parts.join('') + stream.end()).toBe(text);
    if (!text.includes('\ufffd')) expect(parts.every((part) => !part.includes('\ufffd'))).toBe(true);
  });

  it('flushes an incomplete character as U+FFFD', () => {
    const stream = reference.decodeStream();
    const [first] = reference.encodeIds('👍');
    expect(stream.push(first!)).toBe('');
    expect(stream.end()).toBe('\ufffd');
  });
});

describe('special tokens in texts', () => {
  const text = 'hi <|endoftext|>';
  const special = reference.tokenToId('<|endoftext|>')!;

  it('are text by default', () => {
    expect(reference.encodeIds(text)).not.toContain(special);
    expect(reference.encode(text).ids).not.toContain(special);
    expect(reference.decode(reference.encodeIds(text))).toBe(text);
  });

  it('are matched when allowed, all or by name', () => {
    expect(reference.encodeIds(text, { specialTokens: 'allow' })).toContain(special);
    expect(reference.encodeIds(text, { specialTokens: ['<|endoftext|>'] })).toContain(special);
    expect(reference.encodeIds(text, { specialTokens: ['<pad>'] })).not.toContain(special);
  });

  it('can be refused', () => {
    expect(() => reference.encodeIds(text, { specialTokens: 'refuse' })).toThrow('<|endoftext|>');
  });
});

it('round-trips tokenizer.json', () => {
  for (const { tokenizer } of fixture.trained) {
    expect(JSON.parse(JSON.stringify(Tokenizer.fromJSON(JSON.stringify(tokenizer))))).toEqual(tokenizer);
  }
});
