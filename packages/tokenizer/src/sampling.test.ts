import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import { Tokenizer, type TokenizerJson, trainBPE } from './index.ts';
import { seededRandom } from './seeded-random.ts';

const { cases } = readFixture<{ cases: { name: string; tokenizer: TokenizerJson }[] }>('components.json.gz');
const fixture = (name: string) => Tokenizer.fromJSON(cases.find((each) => each.name === name)!.tokenizer);
const counted = (draws: string[]) => {
  const counts = new Map<string, number>();
  for (const each of draws) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
};

/** BPE-dropout as the paper prints it: every candidate of every step is dropped by chance. */
function dropoutSlowly(
  word: string,
  ranks: Map<string, number>,
  dropout: number,
  random: () => number,
): string[] {
  const symbols = [...word];
  for (;;) {
    let best = -1;
    let bestRank = Infinity;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
      if (rank < bestRank && random() >= dropout) [best, bestRank] = [i, rank];
    }
    if (best < 0) return symbols;
    symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
  }
}

describe('BPE-dropout', () => {
  const tokenizer = trainBPE(['low lower lowest slow slower slowest newest widest'.repeat(3)], {
    vocabSize: 290,
  });
  const encode = (text: string, alpha: number, seed: number) =>
    tokenizer.encode(text, { sampling: { alpha, seed } });
  const text = 'slowest newest lower';

  it('gives segmentations of the same text, the same for the same seed', () => {
    const draws = Array.from({ length: 40 }, (_, seed) => encode(text, 0.3, seed).ids);
    for (const ids of draws) expect(tokenizer.decode(ids)).toBe(text);
    expect(counted(draws.map(String)).size).toBeGreaterThan(10);
    expect(encode(text, 0.3, 7).ids).toEqual(draws[7]);
    expect(tokenizer.encodeIds(text, { sampling: { alpha: 0.3, seed: 7 } })).toEqual(draws[7]);
  });

  it('is no dropout at 0 and bytes at 1', () => {
    expect(encode(text, 0, 1).ids).toEqual(tokenizer.encodeIds(text));
    expect(encode(text, 1, 1).length).toBe(text.length);
    expect(() => encode(text, 1.5, 1)).toThrow('from 0 to 1');
  });

  it('takes the probability of the file where none is given', () => {
    const json = tokenizer.toJSON();
    const always = Tokenizer.fromJSON({ ...json, model: { ...json.model, dropout: 1 } });
    expect(always.encode(text, { sampling: { seed: 3 } }).length).toBe(text.length);
    // Encoding is deterministic unless sampling is asked for.
    expect(always.encodeIds(text)).toEqual(tokenizer.encodeIds(text));
  });

  it('draws as the paper does', () => {
    const { merges } = tokenizer.toJSON().model as { merges: [string, string][] };
    const ranks = new Map(merges.map(([a, b], rank) => [`${a} ${b}`, rank]));
    const random = seededRandom(4);
    const draws = 2000;
    const slow = counted(
      Array.from({ length: draws }, () => dropoutSlowly('slowest', ranks, 0.4, random).join('|')),
    );
    const fast = counted(
      Array.from({ length: draws }, (_, seed) => encode('slowest', 0.4, seed + 1000).tokens.join('|')),
    );
    for (const [tokens, count] of slow) {
      const error = 5 * Math.sqrt(count + 1);
      expect(Math.abs((fast.get(tokens) ?? 0) - count), tokens).toBeLessThan(error);
    }
  });

  it('is O(n log n) on one long word', () => {
    const long = 'slowest'.repeat(20_000);
    expect(tokenizer.decode(encode(long, 0.1, 1).ids) === long).toBe(true);
  });
});

describe('Unigram of tokenizer.json', () => {
  const tokenizer = fixture('model Unigram, fallback True');
  const text = 'lower the newest 日本 abab';

  it('finds the n best', () => {
    const best = tokenizer.nBest(text, 12);
    expect(best).toHaveLength(12);
    expect(best[0]!.ids).toEqual(tokenizer.encodeIds(text));
    expect(new Set(best.map(({ ids }) => ids.join(' '))).size).toBe(12);
    const { scores } = tokenizer.model as unknown as { scores: Float64Array };
    best.forEach(({ ids, score }, i) => {
      if (i > 0) expect(score).toBeLessThanOrEqual(best[i - 1]!.score);
      expect(tokenizer.decode(ids)).toBe(text);
      expect(score).toBeCloseTo(
        ids.reduce((sum, id) => sum + scores[id]!, 0),
        8,
      );
    });
  });

  it('samples each as often as its probability says', () => {
    const word = 'abab';
    const alpha = 0.7;
    const all = tokenizer.nBest(word, 1000);
    const weights = all.map(({ score }) => Math.exp(alpha * score));
    const total = weights.reduce((a, b) => a + b);
    const draws = 2000;
    const counts = counted(
      Array.from({ length: draws }, (_, seed) =>
        tokenizer.encodeIds(word, { sampling: { alpha, seed } }).join(' '),
      ),
    );
    all.forEach(({ ids }, i) => {
      const expected = weights[i]! / total;
      const error = 4 * Math.sqrt(expected * (1 - expected) * draws) + 1;
      expect(Math.abs((counts.get(ids.join(' ')) ?? 0) - expected * draws)).toBeLessThan(error);
    });
  });

  it('says that other models have no n best', () => {
    expect(() => fixture('model WordPiece').nBest('x', 2)).toThrow('Unigram');
  });
});
