import { expect, test } from 'vitest';
import { DataStream } from './dataset/stream.ts';
import { Dataset } from './dataset.ts';
import { permutation } from './permutation.ts';

const digits = Dataset.from([...'0123456789']);

test('map, filter, take, select, concat', () => {
  expect([...digits.map((d, i) => Number(d) * i)]).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  expect([...digits.filter((d) => Number(d) % 3 === 0)]).toEqual(['0', '3', '6', '9']);
  expect([...digits.take(2)]).toEqual(['0', '1']);
  expect(digits.take(99).length).toBe(10);
  expect([...digits.select([9, 0, 9])]).toEqual(['9', '0', '9']);
  const joined = Dataset.concat([digits.take(2), digits.take(0), digits.take(1)]);
  expect([...joined]).toEqual(['0', '1', '0']);
  expect(joined.at(2)).toBe('0');
});

test('skip, batch, flatMap, shuffle, interleave', () => {
  expect([...digits.skip(7)]).toEqual(['7', '8', '9']);
  expect(digits.skip(99).length).toBe(0);
  expect([...digits.batch(4)]).toEqual([[...'0123'], [...'4567'], [...'89']]);
  expect(digits.batch(4, { dropLast: true }).length).toBe(2);
  expect(() => digits.batch(0)).toThrow('batch: must be an integer > 0, found 0');
  const repeated = digits.take(4).flatMap((d) => new Array<string>(Number(d)).fill(d));
  expect([...repeated]).toEqual([...'122333']);
  expect(repeated.at(4)).toBe('3');
  const shuffled = [...digits.shuffle(1)];
  expect([...shuffled].sort()).toEqual([...digits]);
  expect(shuffled).not.toEqual([...digits]);
  expect([...digits.shuffle(1)]).toEqual(shuffled);
  const letters = Dataset.from([...'abc']);
  const mixed = Dataset.interleave([digits, letters], { weights: [3, 1], seed: 2 });
  expect([...mixed].filter((x) => x >= 'a')).toEqual([...'abc']);
  expect([...mixed].filter((x) => x < 'a')).toEqual([...digits]);
  expect(mixed.at(6)).toBe([...mixed][6]);
  const short = Dataset.interleave([digits, letters], { until: 'first' });
  expect(short.length).toBeLessThan(13);
});

test('datasets and streams are mixed alike', async () => {
  const parts = [digits, Dataset.from([...'abcdef'])];
  const options = { weights: [1, 2], seed: 5 };
  const streams = parts.map((part) => DataStream.from(part));
  expect(await DataStream.interleave(streams, options).toArray()).toEqual([
    ...Dataset.interleave(parts, options),
  ]);
});

test('rows are read only when asked for', () => {
  const read: number[] = [];
  const dataset = new Dataset(1e9, (i) => read.push(i)).map((n) => n);
  dataset.at(5e8);
  expect(read).toEqual([5e8]);
});

test.each([-1, 10, 0.5])('row %s does not exist', (index) => {
  expect(() => digits.at(index)).toThrow(`row must be an integer in [0, 10), found ${index}`);
});

test('split shares every row out once, by seed', () => {
  const parts = (seed: number) => {
    const { train, test } = digits.split({ test: 0.3, seed });
    return [[...train], [...test]] as const;
  };
  const [train, test] = parts(1);
  expect([train.length, test.length]).toEqual([7, 3]);
  expect([...train, ...test].sort()).toEqual([...digits]);
  expect(parts(1)).toEqual([train, test]);
  expect(parts(2)).not.toEqual([train, test]);
  expect(digits.split({ test: 4 }).test.length).toBe(4);
  for (const share of [0, 0.01, 10, 1.5])
    expect(() => digits.split({ test: share })).toThrow(`found ${share}`);
});

test.each([1, 2, 3, 4, 5, 16, 17, 1000, 4097])('permutation of %i is one', (length) => {
  for (const seed of [0, 1, -5, 2 ** 40]) {
    const order = permutation(length, seed);
    const seen = Array.from({ length }, (_, i) => order(i)).sort((a, b) => a - b);
    expect(seen).toEqual(Array.from({ length }, (_, i) => i));
  }
});

test('permutations differ by seed and stream, and scatter evenly', () => {
  const first = (seed: number, stream: number) =>
    Array.from({ length: 8 }, (_, i) => permutation(1000, seed, stream)(i)).join();
  const seen = new Set(
    [0, 1, 2 ** 32, 2 ** 33].flatMap((seed) => [0, 1, -1].map((stream) => first(seed, stream))),
  );
  expect(seen.size).toBe(12);
  // Where element 0 … 3 land, over many seeds: each sixteenth of the range gets its share (chi-square, 15 degrees, p > 1e-6).
  const counts = new Array(16).fill(0);
  for (let seed = 0; seed < 4000; seed++)
    for (let i = 0; i < 4; i++) counts[(permutation(160, seed)(i) / 10) | 0]++;
  const chiSquare = counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(55);
});
