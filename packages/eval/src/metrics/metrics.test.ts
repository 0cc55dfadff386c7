import { describe, expect, test } from 'vitest';
import { bootstrapInterval, estimate, wilsonInterval } from './intervals.ts';
import { majorityAtK, majorityScore, type Vote } from './majority.ts';
import { passAtK } from './pass-at-k.ts';
import { perplexity } from './perplexity.ts';

/** All ways to choose k of n. */
function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  const all: number[][] = [];
  for (let first = from; first <= n - k; first++)
    for (const rest of subsets(n, k - 1, first + 1)) all.push([first, ...rest]);
  return all;
}

describe('pass@k', () => {
  test('equals the share of subsets that hold a right sample', () => {
    for (let n = 1; n <= 8; n++) {
      for (let c = 0; c <= n; c++) {
        for (let k = 1; k <= n; k++) {
          const all = subsets(n, k);
          const share = all.filter((subset) => subset.some((i) => i < c)).length / all.length;
          expect(passAtK(n, c, k)).toBeCloseTo(share, 12);
        }
      }
    }
  });

  test('does not overflow, and refuses nonsense', () => {
    expect(passAtK(10_000, 1, 5000)).toBeCloseTo(0.5, 10);
    expect(passAtK(200, 10, 1)).toBeCloseTo(0.05, 12);
    expect(() => passAtK(4, 1, 5)).toThrow('k must be an integer from 1 to the number of samples 4, found 5');
    expect(() => passAtK(4, 5, 1)).toThrow('right samples must number 0 to 4, found 5');
  });
});

describe('maj@k', () => {
  const vote = (answer: string | undefined): Vote => ({ answer, score: answer === '7' ? 1 : 0 });
  const votes = (...answers: (string | undefined)[]) => answers.map(vote);

  test.each([
    [votes('7', '7', '8'), 1],
    [votes('8', '7', '8'), 0],
    [votes('7', '8'), 0.5],
    [votes('7', '8', '9', undefined), 1 / 3],
    [votes(undefined, undefined, '7'), 1],
    [votes(undefined, undefined), 0],
    [[], 0],
  ])('case %#', (some, score) => {
    expect(majorityScore(some)).toBeCloseTo(score, 12);
    expect(majorityScore(some.toReversed())).toBeCloseTo(score, 12);
  });

  test('fewer votes than samples: the mean over groups', () => {
    const eight = votes('7', '7', '8', '8', '8', '7', '7', '9');
    expect(majorityAtK(eight, 8)).toBe(1);
    expect(majorityAtK(eight, 3)).toBe(0.5); // 7 7 8 is right, 8 8 7 wrong, the last two are left over
    expect(majorityAtK(eight, 1)).toBe(0.5);
    expect(() => majorityAtK(eight, 9)).toThrow(
      'k must be an integer from 1 to the number of samples 8, found 9',
    );
  });
});

describe('intervals', () => {
  // statsmodels.stats.proportion.proportion_confint(c, n, method='wilson')
  test.each([
    [5, 10, 0.2365931, 0.7634069],
    [0, 10, 0, 0.2775328],
    [10, 10, 0.7224672, 1],
    [1, 1000, 0.0001765, 0.0056421],
  ])('Wilson of %i in %i', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.value).toBe(successes / trials);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  });

  test('bootstrap: about ±1.96 standard errors, the same for the same seed', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i % 10) / 10);
    const interval = bootstrapInterval(values);
    const error = Math.sqrt(values.reduce((sum, v) => sum + (v - 0.45) ** 2, 0) / 400 / 400);
    expect(interval.value).toBeCloseTo(0.45, 12);
    expect((0.45 - interval.low) / error).toBeCloseTo(1.96, 0);
    expect((interval.high - 0.45) / error).toBeCloseTo(1.96, 0);
    expect(bootstrapInterval(values)).toEqual(interval);
    expect(bootstrapInterval(values, { seed: 1 })).not.toEqual(interval);
  });

  test('proportions get Wilson, other means the bootstrap', () => {
    expect(estimate([1, 1, 0])).toEqual(wilsonInterval(2, 3));
    expect(estimate([1, 0.5, 0])).toEqual(bootstrapInterval([1, 0.5, 0]));
    expect(() => estimate([])).toThrow('an interval needs at least one value');
  });
});

describe('perplexity', () => {
  /** Gives each character 1/8 of the probability. */
  const uniform = (logProb = -Math.log(8)) => ({
    generate: () => Promise.reject(new Error('unused')),
    logLikelihood: async (requests: readonly { completion: string }[]) =>
      requests.map(({ completion }) => ({ logProb: completion.length * logProb, tokens: completion.length })),
  });

  test('of a uniform guess among 8 is 8, 3 bits a byte', async () => {
    const result = await perplexity(uniform(), ['abc', '', 'de']);
    expect(result.perplexity).toBeCloseTo(8, 10);
    expect(result.bitsPerByte).toBeCloseTo(3, 10);
    expect([result.tokens, result.bytes]).toEqual([5, 5]);
    expect((await perplexity(uniform(), ['ä'])).bitsPerByte).toBeCloseTo(1.5, 10);
  });

  test('refuses what has no meaning', async () => {
    await expect(perplexity(uniform(), [''])).rejects.toThrow('the texts hold no token');
    await expect(perplexity(uniform(Number.NaN), ['a'])).rejects.toThrow(
      'the log-likelihood of text 0 is NaN',
    );
  });
});
