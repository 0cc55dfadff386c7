import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { fromTiktoken, Tokenizer, trainBPE } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';
import { readPackedBpe } from './packed-bpe.ts';

const { texts, tiktoken } = readFixture<{ texts: string[]; tiktoken: { ranks: string } }>('formats.json.gz');
const trained = trainBPE(texts, { vocabSize: 600, specialTokens: ['<s>', '<｜日本｜>'] });
const texts600 = [JSON.stringify(trained), JSON.stringify(trained, null, 2)];
const ranks = JSON.stringify(
  fromTiktoken(tiktoken.ranks, { pattern: 'cl100k', specialTokens: { '<|end|>': 60_000 } }),
);
const oldMerges = JSON.parse(texts600[0]!);
oldMerges.model.merges = oldMerges.model.merges.map((pair: string[]) => pair.join(' '));

it('reads what parsing reads', () => {
  for (const text of [
    ...texts600,
    ranks,
    JSON.stringify(oldMerges),
    texts600[0]!.replaceAll('Ġ', '\\u0120'),
  ]) {
    const packed = readPackedBpe(text);
    expect(packed).not.toBeNull();
    const fast = Tokenizer.fromJSON(text);
    const slow = Tokenizer.fromJSON(JSON.parse(text));
    expect(fast.vocabSize).toBe(slow.vocabSize);
    for (const token of ['Ġ', 'a', '<s>', '<｜日本｜>', '<|end|>', 'nothing', '', '日']) {
      expect(fast.tokenToId(token)).toBe(slow.tokenToId(token));
    }
    for (const each of texts) {
      expect(fast.encodeIds(each)).toEqual(slow.encodeIds(each));
      expect(fast.encode(each)).toEqual(slow.encode(each));
      expect(fast.decode(slow.encodeIds(each))).toBe(each);
    }
    expect(JSON.stringify(fast)).toBe(JSON.stringify(slow));
  }
});

it('leaves other models to the parser', () => {
  for (const change of [
    (json: typeof oldMerges) => Object.assign(json.model, { type: 'WordLevel' }),
    (json: typeof oldMerges) => Object.assign(json.model, { end_of_word_suffix: '</w>' }),
    (json: typeof oldMerges) => Object.assign(json.model, { byte_fallback: true }),
    (json: typeof oldMerges) => Object.assign(json.model.vocab, { a: 1.5 }),
    (json: typeof oldMerges) => Object.assign(json.model.vocab, { a: -1 }),
    (json: typeof oldMerges) => json.model.merges.push('a nothing'),
    (json: typeof oldMerges) => json.model.merges.push(['a', 'b', 'c']),
  ]) {
    const json = structuredClone(oldMerges);
    change(json);
    expect(readPackedBpe(JSON.stringify(json))).toBeNull();
  }
});

it('loads damaged text, or leaves it to the parser, exactly as the parser does', () => {
  const random = seededRandom(9);
  const small = JSON.stringify(trainBPE(texts.slice(0, 8), { vocabSize: 270 }));
  const outcome = (load: () => Tokenizer) => {
    try {
      return JSON.stringify(load());
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (let i = 0; i < 250; i++) {
    const at = Math.floor(random() * small.length);
    const put = ['"', ',', '}', ']', ' ', '0', '\\', 'x', '', ':', 'Ġ', '9'][Math.floor(random() * 12)]!;
    const broken = small.slice(0, at) + put + small.slice(at + (random() < 0.5 ? 1 : 0));
    expect(outcome(() => Tokenizer.fromJSON(broken))).toBe(
      outcome(() => Tokenizer.fromJSON(JSON.parse(broken))),
    );
  }
});
