import { describe, expect, test } from 'vitest';
import { collate, collatePacked, lengthBuckets } from './collate.ts';
import { LengthLimit } from './length-limit.ts';
import { pack } from './packing/pack.ts';
import { mix } from './permutation.ts';
import { splitBlocks, type TokenSequence } from './token-sequence.ts';

/** A sequence written as its ids; targets have a minus sign. */
const sequence = (...ids: number[]): TokenSequence => ({
  ids: Int32Array.from(ids, Math.abs),
  mask: Uint8Array.from(ids, (id) => (id < 0 ? 1 : 0)),
});
const rows = (values: ArrayLike<number>, seq: number) =>
  Array.from({ length: values.length / seq }, (_, row) =>
    Array.from(values).slice(row * seq, (row + 1) * seq),
  );

describe('collate', () => {
  test('shifts labels and pads on the right', () => {
    const batch = collate([sequence(1, 2, -3, -4), sequence(5, -6)], { padId: 9 });
    expect([batch.batch, batch.seq]).toEqual([2, 3]);
    expect(rows(batch.inputIds, 3)).toEqual([
      [1, 2, 3],
      [5, 9, 9],
    ]);
    expect(rows(batch.labels, 3)).toEqual([
      [-100, 3, 4],
      [6, -100, -100],
    ]);
    expect(rows(batch.mask, 3)).toEqual([
      [0, 1, 1],
      [1, 0, 0],
    ]);
  });

  test('takes the least bucket that suffices and fills up rows', () => {
    const options = { padId: 0, buckets: [2, 4, 8] };
    expect(collate([sequence(1, -2, -3)], options).seq).toBe(2);
    expect(collate([sequence(1, -2, -3, -4)], options).seq).toBe(4);
    const { batch, mask } = collate([sequence(1, -2)], { ...options, rows: 3 });
    expect(batch).toBe(3);
    expect(rows(mask, 2)).toEqual([
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(() => collate([sequence(...Array(10).fill(1))], options)).toThrow(
      'takes 9 places, more than the largest bucket 8',
    );
    expect(() => collate([], options)).toThrow('found no sequences');
  });

  test('packed rows hold the same inputs and labels as separate rows', () => {
    const sequences = [sequence(1, -2, -3), sequence(4, 5, -6, -7), sequence(8, -9)];
    const { seq, segmentIds, positions, ...packed } = collatePacked(
      [[sequences[1]!, sequences[0]!], [sequences[2]!]],
      { padId: 0, buckets: [6] },
    );
    expect(rows(segmentIds!, seq)).toEqual([
      [1, 1, 1, 2, 2, 0],
      [1, 0, 0, 0, 0, 0],
    ]);
    expect(rows(positions!, seq)).toEqual([
      [0, 1, 2, 0, 1, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(rows(packed.inputIds, seq)).toEqual([
      [4, 5, 6, 1, 2, 0],
      [8, 0, 0, 0, 0, 0],
    ]);
    expect(rows(packed.labels, seq)).toEqual([
      [-100, 6, 7, 2, 3, -100],
      [9, -100, -100, -100, -100, -100],
    ]);
    const single = collate(sequences, { padId: 0 });
    const pairs = (batch: { inputIds: Int32Array; labels: Int32Array }) =>
      [...batch.labels].flatMap((label, i) => (label < 0 ? [] : [`${batch.inputIds[i]}>${label}`])).sort();
    expect(pairs(packed)).toEqual(pairs(single));
  });

  test('length buckets grow to the maximum', () => {
    const buckets = lengthBuckets(1024);
    expect(buckets[0]).toBe(32);
    expect(buckets.at(-1)).toBe(1024);
    expect(buckets.length).toBeLessThan(17);
    expect(lengthBuckets(20)).toEqual([20]);
  });
});

describe('pack', () => {
  const lengthsOf = (count: number, seed: number, largest: number) =>
    Array.from({ length: count }, (_, i) => 1 + (mix(seed, i) % largest));

  /** Best-fit decreasing as one would write it down: the fullest row that still has room. */
  function readableTwin(lengths: number[], capacity: number): number[] {
    const room: number[] = [];
    for (const length of [...lengths].sort((a, b) => b - a)) {
      const fits = room.map((left, row) => ({ left, row })).filter(({ left }) => left >= length);
      const best = fits.sort((a, b) => a.left - b.left)[0];
      if (best) room[best.row]! -= length;
      else room.push(capacity - length);
    }
    return room.sort((a, b) => a - b);
  }

  test.each([
    [1, 10, 16],
    [200, 60, 64],
    [500, 33, 100],
    [300, 7, 7],
  ])('%i sequences of up to %i into rows of %i', (count, largest, capacity) => {
    for (let seed = 0; seed < 5; seed++) {
      const lengths = lengthsOf(count, seed, largest);
      const packed = pack(lengths, capacity);
      expect(packed.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      const room = packed.map((row) => capacity - row.reduce((sum, i) => sum + lengths[i]!, 0));
      expect(room.sort((a, b) => a - b)).toEqual(readableTwin(lengths, capacity));
    }
  });

  test('nothing, empty sequences, and one too long', () => {
    expect(pack([], 8)).toEqual([]);
    expect(pack([0, 8, 0], 8)).toEqual([[1, 0, 2]]);
    expect(() => pack([3, 9], 8)).toThrow('pack: sequence 1 has length 9, more than the capacity 8');
  });
});

describe('LengthLimit', () => {
  const short = sequence(1, -2, -3);
  const long = sequence(1, 2, -3, -4, -5);
  const prompt = sequence(1, 2, 3, 4, -5);

  test('truncates, and drops a sequence whose prompt fills the limit, counting both', () => {
    const limit = new LengthLimit({ maxLength: 4 });
    expect(limit.fit([short])).toEqual([short]);
    expect(limit.fit([long])).toEqual([sequence(1, 2, -3, -4)]);
    expect(limit.fit([prompt])).toBeUndefined();
    expect(limit.fit([short, prompt])).toBeUndefined();
    expect(limit.counts).toEqual({ kept: 1, truncated: 1, dropped: 2 });
  });

  test('drops or refuses what is too long, when told to', () => {
    const drop = new LengthLimit({ maxLength: 4, overlong: 'drop' });
    expect(drop.fit([long])).toBeUndefined();
    expect(drop.fit([short])).toEqual([short]);
    const strict = new LengthLimit({ maxLength: 4, overlong: 'error' });
    expect(() => strict.fit([long], 'train.jsonl row 3')).toThrow(
      'train.jsonl row 3 has 5 tokens, more than maxLength 4',
    );
    expect(() => new LengthLimit({ maxLength: 1 })).toThrow('maxLength must be an integer >= 2, found 1');
  });

  test('a sequence without targets is dropped', () => {
    const limit = new LengthLimit({ maxLength: 4 });
    expect(limit.fit([sequence(1, 2)])).toBeUndefined();
    expect(limit.fit([sequence(-1)])).toBeUndefined();
  });
});

test('splitBlocks makes every token but the first a target once', () => {
  const whole = sequence(1, ...Array.from({ length: 10 }, (_, i) => -(i + 2)));
  const blocks = splitBlocks(whole, 4);
  expect(blocks.map(({ ids }) => [...ids])).toEqual([
    [1, 2, 3, 4, 5],
    [5, 6, 7, 8, 9],
    [9, 10, 11],
  ]);
  const batch = collate(blocks, { padId: 0 });
  expect([...batch.labels].filter((label) => label >= 0)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});
