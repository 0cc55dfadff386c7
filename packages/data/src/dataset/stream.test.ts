import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dataset } from '../dataset.ts';
import { openStream } from './open-stream.ts';
import { DataStream } from './stream.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const streamOf = (from: number, to: number) => DataStream.from(Dataset.from(numbers(from, to)));

let folder: string;
const lines = (from: number, to: number) =>
  numbers(from, to)
    .map((i) => `${JSON.stringify({ i, text: `🙂${'x'.repeat(i % 50)}` })}\n`)
    .join('');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-stream-'));
  writeFileSync(join(folder, 'a.jsonl'), lines(0, 40));
  // Several runs; brackets and quotes within texts.
  const array = numbers(0, 300).map((i) => ({
    i,
    text: `]},"\\${'{['.repeat(4000)}`,
    list: [[i], { a: '"' }],
  }));
  writeFileSync(join(folder, 'array.json'), JSON.stringify(array, null, 1));
  writeFileSync(join(folder, 'b.jsonl'), lines(40, 50));
  writeFileSync(join(folder, 'c.jsonl.gz'), gzipSync(lines(50, 90)));
  writeFileSync(
    join(folder, 'd.csv'),
    `i,t\n${numbers(90, 120)
      .map((i) => `${i},"a\n""${i}"`)
      .join('\n')}\n`,
  );
  // Several runs of a megabyte, one record across each border.
  writeFileSync(
    join(folder, 'large.csv'),
    `i,t\r\n${numbers(0, 90)
      .map((i) => `${i},"${`${i}\n`.repeat(20_000)}"`)
      .join('\r\n')}`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = (...names: string[]) =>
  openStream(names.map((name) => join(folder, name))).map((row) => Number(row.i));

/** Every operation, and what it gives. */
const streams: [string, () => DataStream<unknown>, unknown[] | ((items: unknown[]) => void)][] = [
  ['a dataset', () => streamOf(0, 3000), numbers(0, 3000)],
  ['map', () => streamOf(0, 20).map(async (n) => n * 2), numbers(0, 20).map((n) => n * 2)],
  ['filter', () => streamOf(0, 3000).filter((n) => n % 1000 === 7), [7, 1007, 2007]],
  [
    'flatMap',
    () => streamOf(0, 9).flatMap((n) => new Array<number>(n % 4).fill(n)),
    [1, 2, 2, 3, 3, 3, 5, 6, 6, 7, 7, 7],
  ],
  ['batch', () => streamOf(0, 7).batch(3), [[0, 1, 2], [3, 4, 5], [6]]],
  [
    'batch, without the last',
    () => streamOf(0, 7).batch(3, { dropLast: true }),
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  ],
  ['take', () => streamOf(0, 3000).take(1500), numbers(0, 1500)],
  ['skip', () => streamOf(0, 3000).skip(1100), numbers(1100, 3000)],
  ['shard', () => streamOf(0, 2500).shard(1, 3), numbers(0, 2500).filter((n) => n % 3 === 1)],
  ['concat', () => DataStream.concat([streamOf(0, 3), streamOf(0, 0), streamOf(3, 5)]), [0, 1, 2, 3, 4]],
  [
    'shuffle',
    () => streamOf(0, 50).shuffle({ buffer: 20, seed: 3 }),
    (items) => {
      expect([...items].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(0, 50));
      expect(items).not.toEqual(numbers(0, 50));
      expect(Math.max(...(items.slice(0, 20) as number[]))).toBe(19);
      expect(items.slice(40)).not.toEqual(numbers(40, 50));
    },
  ],
  [
    'interleave',
    () =>
      DataStream.interleave([streamOf(0, 30), streamOf(100, 400), streamOf(0, 0)], {
        weights: [1, 3, 1],
        seed: 1,
      }),
    (items) => {
      expect(items.filter((n) => Number(n) < 100)).toEqual(numbers(0, 30));
      expect(items.filter((n) => Number(n) >= 100)).toEqual(numbers(100, 400));
      const early = items.slice(0, 80).filter((n) => Number(n) < 100).length;
      expect(early).toBeGreaterThan(8);
      expect(early).toBeLessThan(32);
    },
  ],
  [
    'interleave until the first ends',
    () => DataStream.interleave([streamOf(0, 10), streamOf(100, 400)], { until: 'first' }),
    (items) => expect(items.filter((n) => Number(n) < 100)).toEqual(numbers(0, 10)),
  ],
  ['a JSON array', () => files('array.json').skip(1), numbers(1, 300)],
  ['files', () => files('a.jsonl', 'b.jsonl', 'c.jsonl.gz', 'd.csv'), numbers(0, 120)],
  [
    'all at once',
    () =>
      DataStream.interleave([
        files('c.jsonl.gz', 'b.jsonl')
          .filter((n) => n % 3 > 0)
          .shuffle({ buffer: 7 }),
        DataStream.concat([files('a.jsonl').skip(3), streamOf(200, 220)]).flatMap((n) => [n, n]),
      ])
        .shard(1, 2)
        .batch(4)
        .take(12),
    (items) => expect(items.length).toBe(12),
  ],
];

describe('a walk continues exactly where its state was taken', () => {
  test.each(streams)('%s', async (_, make, expected) => {
    const all = await make().toArray();
    if (typeof expected === 'function') expected(all);
    else expect(all).toEqual(expected);
    const walk = make().walk();
    for (let i = 0; i <= all.length; i++) {
      const state = JSON.stringify(walk.state());
      expect(state.length).toBeLessThan(500);
      // The state of a continued walk continues as well.
      if (all.length < 200 || i % 97 === 0) {
        const again = make().walk(JSON.parse(state));
        expect(await again.take(3)).toEqual(all.slice(i, i + 3));
        const rest = make().walk(JSON.parse(JSON.stringify(again.state())));
        expect(await rest.take(all.length)).toEqual(all.slice(i + 3));
        await again.close();
        await rest.close();
      }
      expect(await walk.next()).toEqual(
        i < all.length ? { done: false, value: all[i] } : { done: true, value: undefined },
      );
    }
  });

  test('records that cross the runs in which a large file is read', async () => {
    const stream = openStream(join(folder, 'large.csv'));
    const walk = stream.walk();
    for (let i = 0; i < 90; i++) {
      expect((await walk.next()).value?.i).toBe(`${i}`);
      const rest = stream.walk(walk.state());
      const { value } = await rest.next();
      expect(value?.t).toBe(i === 89 ? undefined : `${i + 1}\n`.repeat(20_000));
      await rest.close();
    }
  });
});

test('the same seed gives the same order, another another', async () => {
  const order = (seed: number) => streamOf(0, 100).shuffle({ buffer: 40, seed }).toArray();
  expect(await order(1)).toEqual(await order(1));
  expect(await order(1)).not.toEqual(await order(2));
  const mixed = (seed: number) =>
    DataStream.interleave([streamOf(0, 50), streamOf(50, 100)], { seed }).toArray();
  expect(await mixed(1)).toEqual(await mixed(1));
  expect(await mixed(1)).not.toEqual(await mixed(2));
});

test('temperature flattens the weights', async () => {
  const share = async (temperature: number) => {
    const parts = [streamOf(0, 1000), streamOf(1000, 10_000)];
    const mixed = DataStream.interleave(parts, { weights: [1, 9], temperature });
    return (await mixed.take(1000).toArray()).filter((n) => n < 1000).length;
  };
  expect(Math.abs((await share(1)) - 100)).toBeLessThan(40);
  expect(Math.abs((await share(2)) - 250)).toBeLessThan(50); // 1 : 3
  expect(Math.abs((await share(1e9)) - 500)).toBeLessThan(60);
});

test('what makes no sense is refused', () => {
  expect(() => streamOf(0, 1).batch(0)).toThrow('batch: must be an integer > 0, found 0');
  expect(() => streamOf(0, 1).shuffle({ buffer: 1.5 })).toThrow('found 1.5');
  expect(() => streamOf(0, 1).shard(2, 2)).toThrow('index must be an integer in [0, 2), found 2');
  expect(() => DataStream.interleave([streamOf(0, 1)], { weights: [0] })).toThrow(
    'weights must be 1 numbers > 0, found [0]',
  );
  expect(() => DataStream.interleave([streamOf(0, 1)], { temperature: 0 })).toThrow(
    'temperature must be > 0',
  );
});
