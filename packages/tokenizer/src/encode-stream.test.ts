import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import { fromTiktoken, type PATTERNS, Tokenizer, type TokenizerJson } from './index.ts';
import { seededRandom } from './seeded-random.ts';

const { texts, cases } = readFixture<{
  texts: string[];
  cases: { name: string; tokenizer: TokenizerJson }[];
}>('components.json.gz');
const { tiktoken } = readFixture<{ tiktoken: { ranks: string; specialTokens: Record<string, number> } }>(
  'formats.json.gz',
);

/** Where two streams of the same pieces differ from the whole, or null. */
function difference(tokenizer: Tokenizer, text: string, options: object, splits: number[]): string | null {
  const whole = tokenizer.encodeIds(text, options);
  const stream = tokenizer.encodeStream(options);
  for (const split of splits) {
    const ids = [...stream.push(text.slice(0, split)), ...stream.push(text.slice(split)), ...stream.end()];
    if (ids.join(' ') !== whole.join(' ')) return `${JSON.stringify(text)} at ${split}: ${ids}, not ${whole}`;
  }
  const units = [...stream.push('')];
  for (let i = 0; i < text.length; i++) for (const id of stream.push(text[i]!)) units.push(id);
  units.push(...stream.end());
  return units.join(' ') === whole.join(' ')
    ? null
    : `${JSON.stringify(text)} by units: ${units}, not ${whole}`;
}

const everySplit = (text: string) => Array.from({ length: text.length + 1 }, (_, i) => i);

describe('streamed equals whole at every split', () => {
  // What the patterns look at beyond a pre-token: spaces, line ends, contractions, capitals after letters of no case.
  const alphabet = [...'aZé日ʰA\u03011½ \n\r\t\u3000\u00a0\'"s/.(。\u200d👍'];
  const random = seededRandom(11);
  const mixed = Array.from({ length: 40 }, () =>
    Array.from(
      { length: 1 + Math.floor(random() * 24) },
      () => alphabet[Math.floor(random() * alphabet.length)],
    ).join(''),
  );

  it.each(['gpt2', 'cl100k', 'o200k', 'llama3', 'qwen2'] as const)('pattern %s', (pattern) => {
    const tokenizer = fromTiktoken(tiktoken.ranks, { pattern: pattern as keyof typeof PATTERNS });
    for (const text of [...texts.filter((each) => each.length < 50), ...mixed]) {
      expect(difference(tokenizer, text, {}, everySplit(text))).toBeNull();
    }
  });

  it.each(cases.map((each) => [each.name, each.tokenizer] as const))('%s', (_, json) => {
    const tokenizer = Tokenizer.fromJSON(json);
    for (const text of texts) {
      const splits = [0, text.length, ...Array.from({ length: 2 }, () => Math.floor(random() * text.length))];
      for (const specialTokens of ['text', 'allow'] as const) {
        expect(difference(tokenizer, text.slice(0, 90), { specialTokens }, splits)).toBeNull();
      }
    }
  });

  it('with added tokens that overlap, strip spaces and stand alone', () => {
    const tokenizer = fromTiktoken(tiktoken.ranks, {
      pattern: 'cl100k',
      specialTokens: tiktoken.specialTokens,
    });
    tokenizer.addTokens([
      { content: ' end', rstrip: true },
      { content: '<l>', lstrip: true },
      { content: 'low', single_word: true },
      { content: '<l> x' },
    ]);
    const parts = [
      '<l>',
      ' end',
      'low',
      ' ',
      '  ',
      'x',
      'a ',
      '<|endoftext|>',
      '<|im_start|',
      '.',
      '\n',
      'e',
    ];
    for (let i = 0; i < 120; i++) {
      const text = Array.from({ length: 6 }, () => parts[Math.floor(random() * parts.length)]).join('');
      for (const specialTokens of ['text', 'allow', ['<|endoftext|>']] as const) {
        expect(difference(tokenizer, text, { specialTokens }, everySplit(text))).toBeNull();
      }
    }
  });
});

describe('a stream', () => {
  const tokenizer = fromTiktoken(tiktoken.ranks, {
    pattern: 'cl100k',
    specialTokens: tiktoken.specialTokens,
  });

  it('gives ids as soon as they are certain', () => {
    const stream = tokenizer.encodeStream();
    expect(stream.push('the quick')).toEqual(tokenizer.encodeIds('the'));
    expect(stream.push(' brown')).toEqual(tokenizer.encodeIds(' quick'));
    expect(stream.push('\nfo')).toEqual(tokenizer.encodeIds(' brown'));
    expect(stream.end()).toEqual(tokenizer.encodeIds('\nfo'));
    expect(stream.end()).toEqual([]);
  });

  it('waits little of a long text', () => {
    const stream = tokenizer.encodeStream({ specialTokens: 'allow' });
    let waiting = 0;
    for (let i = 0; i < 2000; i++) {
      const piece = ['the ', 'fox,', ' and\n', '日本。', "don't", ' 12'][i % 6]!;
      waiting += piece.length - tokenizer.decode(stream.push(piece)).length;
      expect(waiting).toBeLessThan(40);
    }
  });

  it('joins the halves of a character', () => {
    const stream = tokenizer.encodeStream();
    const ids = [...stream.push('a \ud83d'), ...stream.push('\udc4d b'), ...stream.end()];
    expect(ids).toEqual(tokenizer.encodeIds('a 👍 b'));
  });

  it('refuses special tokens that come in two pieces', () => {
    const stream = tokenizer.encodeStream({ specialTokens: 'refuse' });
    stream.push('a <|endof');
    expect(() => [stream.push('text|> b c d e f g h i j'), stream.end()]).toThrow('<|endoftext|>');
  });
});
