import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStream } from '../dataset/open-stream.ts';
import { DataStream } from '../dataset/stream.ts';
import { Dataset } from '../dataset.ts';
import { Sampler } from '../sampler.ts';
import { DataLoader, type DataLoaderOptions } from './data-loader.ts';

const LENGTH = 103;
const dataset = Dataset.from(Array.from({ length: LENGTH }, (_, i) => i));
type Options = Partial<DataLoaderOptions<number, number[]>>;
const make = (options: Options) =>
  new DataLoader<number>({ data: dataset, batchSize: 5, seed: 1, ...options });

const kinds: [string, Options][] = [
  ['a dataset', {}],
  ['a dataset in order', { shuffle: false }],
  ['a stream', { data: DataStream.from(dataset) }],
  [
    'a stream of each epoch',
    { data: (epoch) => DataStream.from(dataset).shuffle({ buffer: 30, seed: epoch }) },
  ],
];

async function all(loader: DataLoader<number>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const everything = [...dataset];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-loader-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(kinds)('over %s', (_, kind) => {
  test('each sample comes once an epoch, and epochs differ where they are shuffled', async () => {
    const given = (await all(make({ ...kind, epochs: 3, last: 'keep' }))).flat();
    const epochs = [0, 1, 2].map((e) => given.slice(e * LENGTH, (e + 1) * LENGTH));
    for (const epoch of epochs) expect(sorted(epoch)).toEqual(everything);
    const shuffled = kind.shuffle !== false && !(kind.data instanceof DataStream);
    expect(epochs[0]!.join() !== epochs[1]!.join()).toBe(shuffled);
  });

  test('the last batch is filled, kept or dropped', async () => {
    const sizes = async (last: 'fill' | 'keep' | 'drop') =>
      (await all(make({ ...kind, epochs: 1, last }))).map(({ length }) => length);
    expect(await sizes('fill')).toEqual(new Array(21).fill(5));
    expect(await sizes('keep')).toEqual([...new Array(20).fill(5), 3]);
    expect(await sizes('drop')).toEqual(new Array(20).fill(5));
  });

  test.each([1, 2, 3, 4, 8])('%i ranks share each step of the same global order', async (ranks) => {
    const whole = (await all(make({ ...kind, batchSize: 24, epochs: 2 }))).map((batch) => batch.join());
    const parts = await Promise.all(
      Array.from({ length: ranks }, (_, rank) =>
        all(make({ ...kind, batchSize: 24 / ranks, rank, ranks, epochs: 2 })),
      ),
    );
    expect(parts[0]!.map((_, step) => parts.flatMap((part) => part[step]!).join())).toEqual(whole);
    expect(new Set(parts.map(({ length }) => length)).size).toBe(1);
  });

  test('a state after any step continues exactly, and is small', async () => {
    const expected = await all(make({ ...kind, epochs: 2, last: 'keep' }));
    const loader = make({ ...kind, epochs: 2, last: 'keep', prefetch: 3 });
    for (let step = 0; step <= expected.length; step++) {
      const state = JSON.stringify(loader.state());
      expect(state.length).toBeLessThan(250);
      const resumed = make({ ...kind, epochs: 2, last: 'keep', prefetch: step % 4 });
      resumed.restore(JSON.parse(state));
      expect(await all(resumed)).toEqual(expected.slice(step));
      const { value } = await loader.next();
      expect(value).toEqual(expected[step]);
    }
  });

  test('after a change of the number of ranks no sample is repeated or lost', async () => {
    const loaders = [0, 1, 2].map((rank) => make({ ...kind, rank, ranks: 3, epochs: 1, last: 'keep' }));
    const given: number[] = [];
    // 60 of the 103 samples with 3 ranks, then 12 a step with 4, which leaves 7.
    for (let step = 0; step < 4; step++)
      for (const loader of loaders) given.push(...(await loader.next()).value!);
    const states = loaders.map((loader) => JSON.stringify(loader.state()));
    expect(new Set(states).size).toBe(1);
    for (let rank = 0; rank < 4; rank++) {
      const loader = make({ ...kind, rank, ranks: 4, batchSize: 3, epochs: 1, last: 'keep' });
      loader.restore(JSON.parse(states[rank % 3]!));
      given.push(...(await all(loader)).flat());
    }
    expect(sorted(given)).toEqual(everything);
  });
});

test('a sampler that groups by length decides the batches, its state resumes', async () => {
  const sampler = () =>
    new Sampler({ length: LENGTH, batchSize: 4, seed: 3, lengths: everything.map((i) => i % 10) });
  const own = sampler();
  const expected = Array.from({ length: 30 }, () => own.next());
  const loader = new DataLoader<number>({ data: dataset, sampler: sampler() });
  for (const batch of expected.slice(0, 11)) expect((await loader.next()).value).toEqual(batch);
  const resumed = new DataLoader<number>({ data: dataset, sampler: sampler() });
  resumed.restore(JSON.parse(JSON.stringify(loader.state())));
  for (const batch of expected.slice(11)) expect((await resumed.next()).value).toEqual(batch);
});

describe('workers', () => {
  const module = (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return pathToFileURL(join(folder, name));
  };

  test.each([1, 2, 3])('%i give the batches of no workers, in order', async (count) => {
    const workers = {
      count,
      options: { add: 1000 },
      // The first worker is slow.
      module: module(
        'slow.mjs',
        `export default ({ add }, { index }) => async (keys) => {
          await new Promise((resolve) => setTimeout(resolve, index === 0 ? 15 : 1));
          return Float64Array.from(keys, (key) => key + add);
        };`,
      ),
    };
    const expected = await all(make({ epochs: 1 }));
    const loader = new DataLoader<number, Float64Array>({
      data: dataset,
      batchSize: 5,
      seed: 1,
      epochs: 1,
      workers,
    });
    const batches: number[][] = [];
    for await (const batch of loader) batches.push([...batch].map((value) => value - 1000));
    expect(batches).toEqual(expected);
    await loader.close();
  });

  test('a row that fails, and a worker that is killed, are named; the batch comes again', async () => {
    const failing = module(
      'failing.mjs',
      `import { existsSync, writeFileSync } from 'node:fs';
      export default ({ mark, how }) => (keys) => {
        if (keys.includes(7) && !existsSync(mark)) {
          writeFileSync(mark, '');
          if (how === 'exit') process.exit(3);
          throw new Error('row 7 is broken');
        }
        return keys;
      };`,
    );
    const options = (how: string) => ({
      shuffle: false,
      epochs: 1,
      workers: { count: 2, module: failing, options: { mark: join(folder, how), how } },
    });
    const broken = make(options('throw'));
    expect((await broken.next()).value).toEqual([0, 1, 2, 3, 4]);
    await expect(broken.next()).rejects.toThrow('batch 1 (rows 5, 6, 7, 8, 9): row 7 is broken');
    expect((await broken.next()).value).toEqual([5, 6, 7, 8, 9]);
    await broken.close();

    const killed = make(options('exit'));
    await killed.next();
    await expect(killed.next()).rejects.toThrow(
      /^worker [01] failed while it made batch 1 \(rows 5, 6, 7, 8, 9\): it ended with exit code 3$/,
    );
    const resumed = make(options('exit'));
    resumed.restore(killed.state());
    expect((await all(resumed)).flat()).toEqual(everything.slice(5).concat([0, 1]));
    await killed.close();
    await resumed.close();
  });
});

describe('is refused:', () => {
  test('data that changed since the state was saved', async () => {
    const path = join(folder, 'changing.jsonl');
    writeFileSync(path, '{"i":0}\n{"i":1}\n');
    const open = () => new DataLoader({ data: openStream(path), batchSize: 1 });
    const state = open().state();
    open().restore(state);
    writeFileSync(path, '{"i":0}\n{"i":2}\n');
    expect(() => open().restore(state)).toThrow(
      /^data loader: cannot continue, the data have changed: their fingerprint was [0-9a-f]{32} and is now [0-9a-f]{32}$/,
    );
  });

  test.each<[string, Options]>([
    ['the number of samples was 103 and is now 3', { data: dataset.take(3) }],
    ['seed was 1 and is now 2', { seed: 2 }],
    ['shuffle was true and is now false', { shuffle: false }],
  ])('%s', (message, options) => {
    expect(() => make(options).restore(make({}).state())).toThrow(`cannot continue, ${message}`);
  });

  test('what makes no sense', async () => {
    expect(() => make({ data: dataset.take(3), ranks: 4 })).toThrow('3 samples are too few for 4 ranks');
    expect(() => make({ rank: 2, ranks: 2 })).toThrow('rank must be an integer in [0, 2), found 2');
    expect(() => make({ batchSize: 0 })).toThrow('batchSize must be an integer > 0, found 0');
    const few = make({ data: dataset.take(9), batchSize: 2, ranks: 4, epochs: 1, last: 'keep' });
    await few.next();
    await expect(few.next()).rejects.toThrow(
      "the last batch has 1 samples for 4 ranks, so some would get none; choose last: 'fill' or 'drop'",
    );
    const none = make({ data: DataStream.from(dataset.take(0)) });
    await expect(none.next()).rejects.toThrow('the stream holds no items');
  });
});
