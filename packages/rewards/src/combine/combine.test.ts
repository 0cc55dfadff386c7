import { describe, expect, test } from 'vitest';
import { countFailures, describeFailures, RewardError } from '../failure.ts';
import type { Reward } from '../reward.ts';
import { scoreAll } from '../score.ts';
import { combine } from './combine.ts';
import { filterGroups } from './filter-groups.ts';
import { clip, standardize } from './scale.ts';

/** Fails in every way that there is, by what the completion says. */
const moody: Reward = (completion) => {
  if (completion === 'throw') throw new Error('no such column');
  if (completion === 'nan') return Number.NaN;
  if (completion === 'huge') return 1e300;
  if (completion === 'text') return 'good' as unknown as number;
  if (completion === 'reject') return Promise.reject(new RewardError('unparsable', 'no verdict'));
  if (completion === 'never') return new Promise(() => {});
  if (completion === 'later') return Promise.resolve(3);
  return Number(completion);
};
const completions = ['1', 'throw', 'nan', 'huge', 'text', 'reject', 'never', 'later'];
const [a, b] = [{ id: 'a' }, { id: 'b' }];
const rows = [a, a, a, a, b, b, b, b];

describe('a reward that fails', () => {
  test('is told by kind, the others are scored', async () => {
    const { values, failures } = await scoreAll(moody, completions, rows, { name: 'moody', timeoutMs: 20 });
    expect([...values]).toEqual([1, ...new Array(6).fill(Number.NaN), 3]);
    expect(failures.map(({ index, kind }) => [index, kind])).toEqual([
      [1, 'threw'],
      [2, 'not-finite'],
      [3, 'not-finite'],
      [4, 'not-finite'],
      [5, 'unparsable'],
      [6, 'timeout'],
    ]);
    expect(countFailures(failures)).toEqual({ threw: 1, 'not-finite': 3, unparsable: 1, timeout: 1 });
    expect(describeFailures(failures)).toBe(
      'moody (threw): 1, e.g. no such column; ' +
        'moody (not-finite): 3, e.g. a score must be a finite number, found NaN; ' +
        'moody (unparsable): 1, e.g. no verdict; moody (timeout): 1, e.g. no score within 20 ms',
    );
  });

  test('gets the mean of its row for a score, and is marked', async () => {
    const score = combine([
      { name: 'moody', reward: moody, timeoutMs: 20 },
      { name: 'two', reward: () => 2, weight: 0.5 },
    ]);
    const { total, parts, scored, failures } = await score(
      ['1', '4', 'nan', '0', 'throw', 'nan'],
      [a, a, a, a, b, b],
    );
    expect([...scored]).toEqual([1, 1, 0, 1, 0, 0]);
    expect(failures).toHaveLength(3);
    const neutral = Math.fround(5 / 3);
    expect([...parts.moody!]).toEqual([1, 4, neutral, 0, neutral, neutral]);
    expect([...total]).toEqual([2, 5, neutral + 1, 1, neutral + 1, neutral + 1].map(Math.fround));
  });

  test('may have a score to fall back on', async () => {
    const score = combine([{ name: 'moody', reward: moody, fallback: -1 }]);
    const { total, scored, failures } = await score(['1', 'nan'], [a, a]);
    expect([[...total], [...scored], failures.length]).toEqual([[1, -1], [1, 1], 1]);
    const all = combine([{ name: 'moody', reward: moody }]);
    expect([...(await all(['nan', 'throw'], [a, a])).total]).toEqual([0, 0]);
  });

  test('asynchronous rewards run several at a time, no more than allowed', async () => {
    let running = 0;
    let most = 0;
    const reward: Reward = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return running--;
    };
    await scoreAll(reward, new Array(20).fill(''), new Array(20).fill({}), { concurrency: 3 });
    expect(most).toBe(3);
  });
});

test('a combination refuses weights that are no numbers', () => {
  expect(() => combine([{ name: 'x', reward: moody, weight: Number.NaN }])).toThrow(
    'weight and fallback of x must be finite, found NaN, 0',
  );
});

test('scores are standardised by domain, clipped, then weighted', async () => {
  const domains = [{ of: 'math' }, { of: 'math' }, { of: 'chat' }, { of: 'chat' }, { of: 'code' }];
  const values = Float32Array.of(0, 1, 200, 400, 7);
  expect([...standardize(values, domains, 'of')]).toEqual([-1, 1, -1, 1, 0]);
  expect([...clip(values, [0.5, 300])]).toEqual([0.5, 1, 200, 300, 7]);
  expect(() => clip(values, [1, 0])).toThrow('found 1, 0');
  const score = combine([{ name: 'x', reward: moody, standardizeBy: 'of', clip: [-0.5, 2], weight: 10 }]);
  const { total, parts } = await score(['0', '1', '200', '400', '7'], domains);
  expect([...total]).toEqual([-5, 10, -5, 10, 0]);
  expect([...parts.x!]).toEqual([...values]);
  // A failed score counts for no mean and is neutral.
  const { total: some } = await score(['0', '1', '200', 'nan', '7'], domains);
  expect([...some]).toEqual([-5, 10, 0, 0, 0]);
});

describe('filterGroups', () => {
  const scores = [1, 1, 1, 0, 0, 0, 1, 0, 1, 0.2, 0.2, 0.2];

  test('drops all-right, all-wrong and flat groups, and counts them', () => {
    expect(filterGroups(scores, 3)).toEqual({
      kept: [2],
      dropped: { failed: 0, allRight: 1, allWrong: 2, flat: 0 },
    });
    expect(filterGroups(scores, 3, { allWrong: false, allRight: false })).toEqual({
      kept: [2],
      dropped: { failed: 0, allRight: 0, allWrong: 0, flat: 3 },
    });
    expect(filterGroups([0.5, 0.52, 0.1, 0.9], 2, { right: 0.5, minDeviation: 0.05 }).kept).toEqual([1]);
  });

  test('leaves failed scores out', () => {
    expect(filterGroups([0, Number.NaN, 1, 0, 1, 1], 3, {}, [1, 0, 1, 1, 0, 0])).toEqual({
      kept: [0],
      dropped: { failed: 1, allRight: 0, allWrong: 0, flat: 0 },
    });
  });

  test('refuses what is no group', () => {
    expect(() => filterGroups([1, 0], 1)).toThrow('a group needs at least 2 answers, found 1');
    expect(() => filterGroups([1, 0, 1], 2)).toThrow('3 scores are no whole number of groups of 2');
    expect(() => filterGroups([1, Number.NaN], 2)).toThrow('scores must be finite, found NaN in group 0');
  });
});
