import { describe, expect, test } from 'vitest';
import { mix } from './permutation.ts';
import { Sampler, type SamplerOptions } from './sampler.ts';

const lengths = Array.from({ length: 103 }, (_, i) => mix(5, i) % 400);
const kinds: [string, SamplerOptions][] = [
  ['shuffled', { length: 103, batchSize: 8, seed: 3 }],
  ['in order', { length: 103, batchSize: 8, shuffle: false }],
  ['grouped by length', { length: 103, batchSize: 8, seed: 3, lengths }],
  ['batches larger than the dataset', { length: 5, batchSize: 12 }],
];
const draw = (sampler: Sampler, batches: number) => Array.from({ length: batches }, () => sampler.next());

describe.each(kinds)('%s', (_, options) => {
  test('continues from its state exactly', () => {
    const whole = draw(new Sampler(options), 60);
    const first = new Sampler(options);
    const begun = draw(first, 23);
    const second = new Sampler(options);
    second.restore(JSON.parse(JSON.stringify(first.state())));
    expect([...begun, ...draw(second, 37)]).toEqual(whole);
  });

  test('any batch can be asked for', () => {
    const whole = draw(new Sampler(options), 120);
    const sampler = new Sampler(options);
    for (const batch of [119, 3, 50, 49, 0]) expect(sampler.at(batch)).toEqual(whole[batch]);
  });

  test('every batch is full', () => {
    for (const batch of draw(new Sampler(options), 30)) expect(batch.length).toBe(options.batchSize);
  });
});

describe('without grouping', () => {
  test.each([true, false])('every example comes once an epoch (shuffle: %s)', (shuffle) => {
    const sampler = new Sampler({ length: 10, batchSize: 4, shuffle });
    const stream = draw(sampler, 5).flat();
    expect(sampler.epoch).toBe(2);
    for (const epoch of [stream.slice(0, 10), stream.slice(10)])
      expect(epoch.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('epochs and seeds differ in order', () => {
    const stream = draw(new Sampler({ length: 10, batchSize: 10 }), 2);
    expect(stream[0]).not.toEqual(stream[1]);
    expect(new Sampler({ length: 10, batchSize: 10, seed: 1 }).next()).not.toEqual(stream[0]);
  });

  test('a step far into a huge dataset costs nothing', () => {
    const sampler = new Sampler({ length: 1e12, batchSize: 4 });
    sampler.restore({ ...sampler.state(), batch: 1e11 });
    const batch = sampler.next();
    expect(new Set(batch).size).toBe(4);
    for (const index of batch) expect(Number.isInteger(index) && index >= 0 && index < 1e12).toBe(true);
  });
});

test('grouping: batches hold similar lengths, windows the same examples as without', () => {
  const options = { length: 800, batchSize: 8, seed: 3 };
  const many = Array.from({ length: 800 }, (_, i) => mix(5, i) % 400);
  const grouped = draw(new Sampler({ ...options, lengths: many }), 50);
  const plain = draw(new Sampler(options), 50);
  expect(grouped.flat().toSorted((a, b) => a - b)).toEqual(plain.flat().toSorted((a, b) => a - b));
  const spread = (batches: number[][]) =>
    batches.reduce(
      (sum, batch) => sum + Math.max(...batch.map((i) => many[i]!)) - Math.min(...batch.map((i) => many[i]!)),
      0,
    );
  expect(spread(grouped)).toBeLessThan(spread(plain) / 10);
  const firsts = grouped.map((batch) => many[batch[0]!]!);
  expect(firsts).not.toEqual(firsts.toSorted((a, b) => a - b));
});

test('what would change the order is refused', () => {
  const state = new Sampler({ length: 10, batchSize: 2 }).state();
  const restore = (options: SamplerOptions) => () => new Sampler(options).restore(state);
  expect(restore({ length: 11, batchSize: 2 })).toThrow(
    'sampler: cannot continue, length was 10 and is now 11',
  );
  expect(restore({ length: 10, batchSize: 2, seed: 1 })).toThrow('seed was 0 and is now 1');
  expect(restore({ length: 10, batchSize: 2, lengths: Array(10).fill(1) })).toThrow(
    'grouped was false and is now true',
  );
  expect(() => new Sampler({ length: 0, batchSize: 2 })).toThrow('the dataset must have rows, found 0');
  expect(() => new Sampler({ length: 2, batchSize: 0 })).toThrow('batchSize must be an integer > 0, found 0');
  expect(() => new Sampler({ length: 2, batchSize: 1, lengths: [1] })).toThrow(
    'lengths must have 2 entries, found 1',
  );
});
