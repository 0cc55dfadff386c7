import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dataset, type Row } from '../dataset.ts';
import { ArrowFile } from '../files/arrow.ts';
import { loadDataset } from './load-dataset.ts';
import { openStream } from './open-stream.ts';
import { writeDataset } from './write-dataset.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const withoutNulls = (rows: Row[]) =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));

describe('files that pyarrow and tarfile wrote', () => {
  const rows = JSON.parse(readFileSync(fixture('rows.json'), 'utf8')) as Row[];

  test.each(['rows-snappy.parquet', 'rows-zstd.parquet', 'rows-gzip.parquet'])('%s', async (name) => {
    expect([...(await loadDataset(fixture(name)))]).toEqual(withoutNulls(rows));
    const walk = openStream(fixture(name)).walk();
    await walk.take(1);
    const rest = openStream(fixture(name)).walk(walk.state());
    expect(await rest.take(9)).toEqual(withoutNulls(rows).slice(1));
  });

  test('rows.jsonl.zst', async () => {
    expect([...(await loadDataset(fixture('rows.jsonl.zst')))]).toEqual(withoutNulls(rows).map((row) => row));
  });

  test.each(['shard-gnu.tar', 'shard-pax.tar'])('%s', async (name) => {
    const samples = [
      { __key__: 'a/0001', txt: 'eins', json: { n: 1 }, cls: 7, bin: Uint8Array.of(0, 255) },
      {
        __key__: `a/${'long/'.repeat(30)}0002`,
        txt: 'zwei 🙂',
        'seg.png': new Uint8Array(Buffer.from('\x89PNG', 'latin1')),
      },
    ];
    expect([...(await loadDataset(fixture(name)))]).toEqual(samples);
  });
});

/** Every type of value, some of them late, more rows than one batch. */
const various: Row[] = Array.from({ length: 2500 }, (_, i) => ({
  i,
  text: `${i} 🙂`,
  half: i / 2,
  ...(i % 3 === 0 && { ok: i % 2 === 0 }),
  list: [i, { deep: ['x', null] }],
  bytes: Uint8Array.of(i % 256, 1),
  ...(i > 2000 && { late: 'here' }),
}));

describe('writeDataset', () => {
  test.each(['rows.parquet', 'rows.arrow'])('%s gives back what was written', async (name) => {
    const path = join(folder, name);
    expect(await writeDataset(Dataset.from(various), path)).toEqual({ rows: 2500 });
    const loaded = await loadDataset(path);
    expect(loaded.length).toBe(2500);
    for (const i of [0, 1, 1023, 1024, 2000, 2001, 2499]) expect(loaded.at(i)).toEqual(various[i]);
    expect(await openStream(path).toArray()).toEqual(various);
  });

  test('columns whose type changes late become wider', async () => {
    const rows: Row[] = Array.from({ length: 3000 }, (_, i) => ({
      a: i < 2000 ? i : i + 0.5,
      b: i < 2500 ? 'text' : { now: 'an object' },
      c: i === 2999 ? true : undefined,
    }));
    for (const name of ['late.parquet', 'late.arrow']) {
      await writeDataset(Dataset.from(rows), join(folder, name));
      const loaded = await loadDataset(join(folder, name));
      for (const i of [0, 2000, 2500, 2999]) expect(loaded.at(i)).toEqual(withoutUndefined(rows[i]!));
    }
  });

  test('lists and objects become nested columns of Parquet', async () => {
    const rows: Row[] = Array.from({ length: 1200 }, (_, i) => ({
      messages: [
        { role: 'user', content: `${i} 🙂` },
        { role: 'assistant', content: 'b', tool_calls: [{ function: { name: 'f' } }] },
      ].slice(0, 1 + (i % 2)),
      scores: i % 3 === 0 ? [] : [i, i + 0.5],
      info: { id: i, ...(i > 1000 && { late: true }) },
      own: { [`key${i}`]: i },
      ...(i % 5 === 0 && { image: { bytes: Uint8Array.of(i % 256), path: null } }),
    }));
    const path = join(folder, 'nested.parquet');
    await writeDataset(Dataset.from(rows), path);
    const loaded = await loadDataset(path);
    const image = (i: number) => (i % 5 === 0 ? { image: { bytes: Uint8Array.of(i % 256) } } : {});
    for (const i of [0, 1, 2, 500, 1001, 1199]) expect(loaded.at(i)).toEqual({ ...rows[i], ...image(i) });
    const { parquetMetadata, parquetSchema } = await import('hyparquet');
    const bytes = readFileSync(path);
    const { children } = parquetSchema(parquetMetadata(Uint8Array.from(bytes).buffer));
    const form = Object.fromEntries(
      children.map(({ element }) => [element.name, element.converted_type ?? 'group']),
    );
    expect(form).toEqual({ messages: 'LIST', scores: 'LIST', info: 'group', own: 'JSON', image: 'group' });
  });

  test('JSON Lines, packed too; bytes become base64', async () => {
    const rows = various.map(({ bytes, ...row }) => row);
    await writeDataset(Dataset.from(rows), join(folder, 'out.jsonl'));
    await writeDataset(openStream(join(folder, 'out.jsonl')), join(folder, 'out.jsonl.gz'));
    expect(gunzipSync(readFileSync(join(folder, 'out.jsonl.gz'))).toString()).toBe(
      readFileSync(join(folder, 'out.jsonl'), 'utf8'),
    );
    expect(await openStream(join(folder, 'out.jsonl.gz')).toArray()).toEqual(rows);
  });

  test('what cannot be written is refused, and leaves nothing behind', async () => {
    const target = join(folder, 'refused');
    mkdirSync(target);
    const one = Dataset.from<Row>([{ a: 1 }]);
    await expect(writeDataset(one, join(target, 'x.csv'))).rejects.toThrow('x.csv: cannot write csv');
    const broken = new Dataset<Row>(2000, (i) => {
      if (i === 1999) throw new Error('broken row');
      return { i };
    });
    for (const name of ['x.jsonl', 'x.parquet', 'x.arrow'])
      await expect(writeDataset(broken, join(target, name))).rejects.toThrow('broken row');
    expect(readdirSync(target)).toEqual([]);
  });
});

const withoutUndefined = (row: Row) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

describe('folders and patterns', () => {
  test('data files in order; a folder of several types is refused', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'b.jsonl'), '{"i":1}');
    writeFileSync(join(data, 'a.jsonl'), '{"i":0}');
    expect([...(await loadDataset(data))]).toEqual([{ i: 0 }, { i: 1 }]);
    expect([...(await loadDataset(join(data, 'b*.jsonl')))]).toEqual([{ i: 1 }]);
    expect(() => openStream(join(data, 'c*.jsonl'))).toThrow('c*.jsonl: no file matches');
    writeFileSync(join(data, 'c.csv'), 'i\n2');
    expect(() => openStream(data)).toThrow('holds files of several types (jsonl, csv); name those to read');
  });

  test('audio and images, with labels and metadata', async () => {
    const images = join(folder, 'images');
    for (const label of ['cat', 'dog']) {
      mkdirSync(join(images, label), { recursive: true });
      writeFileSync(join(images, label, '1.png'), '');
    }
    expect([...(await loadDataset(images))]).toEqual([
      { path: join(images, 'cat/1.png'), file_name: 'cat/1.png', label: 'cat' },
      { path: join(images, 'dog/1.png'), file_name: 'dog/1.png', label: 'dog' },
    ]);
    writeFileSync(join(images, 'metadata.jsonl'), '{"file_name":"dog/1.png","age":3}');
    expect((await loadDataset(images)).at(1)).toMatchObject({ label: 'dog', age: 3 });
    writeFileSync(join(images, 'metadata.jsonl'), '{"file_name":"cow/1.png"}');
    await expect(loadDataset(images)).rejects.toThrow('the metadata names cow/1.png, which is not there');
  });
});

describe('broken rows', () => {
  const bad = () => file('bad.jsonl', '{"i":0}\nnot json\n{"i":1}\n[2]\n{"i":3}\n');

  test('are named by file and line, or counted and left out', async () => {
    const path = bad();
    await expect(loadDataset(path)).rejects.toThrow('bad.jsonl:2: is not JSON: found "not json"');
    const problems: string[] = [];
    const rows = await loadDataset({ path, onInvalid: (problem) => problems.push(problem) });
    expect([...rows]).toEqual([{ i: 0 }, { i: 1 }, { i: 3 }]);
    expect(problems).toEqual([
      expect.stringContaining('bad.jsonl:2: is not JSON'),
      expect.stringContaining('bad.jsonl:4: must be an object, found an array'),
    ]);
  });

  test('an empty file among others, ragged CSV', async () => {
    const problems: string[] = [];
    const onInvalid = (problem: string) => void problems.push(problem);
    const path = [
      file('none.jsonl', ''),
      file('blank2.jsonl', '\n'),
      file('ragged2.csv', 'a,b\n1,2\n3\n4,5'),
    ];
    expect(await openStream({ path, onInvalid }).toArray()).toEqual([
      { a: '1', b: '2' },
      { a: '4', b: '5' },
    ]);
    expect(problems.map((problem) => problem.slice(folder.length + 1))).toEqual([
      'none.jsonl: is empty (0 bytes)',
      'blank2.jsonl: holds no rows',
      'ragged2.csv:3: found 1 fields, expected 2 as in the header (a, b)',
    ]);
  });

  test.each([
    ['shard-gnu.tar', 4000, 'in or after sample a/0001'],
    ['rows-snappy.parquet', 500, 'is cut off or no Parquet file'],
    ['rows.jsonl.zst', 100, 'is cut off: the Zstandard stream ends early'],
    ['rows.arrow', 900, 'is cut off'],
  ])('a shard that is cut off: %s', async (name, bytes, message) => {
    const path = file(name, readFileSync(fixture(name)).subarray(0, bytes));
    const error = await openStream(path)
      .toArray()
      .catch((e) => e);
    expect(error.message).toContain(join(folder, name));
    expect(error.message).toContain(message);
  });

  test('a Parquet file that is damaged in a row group', async () => {
    const bytes = Uint8Array.from(readFileSync(fixture('rows-gzip.parquet')));
    bytes.fill(0xee, 30, 60);
    await expect(loadDataset(file('damaged.parquet', bytes))).rejects.toThrow(
      'damaged.parquet: is damaged or cut off in rows 0 to 1',
    );
  });

  test('a broken sample of a shard', async () => {
    const bytes = readFileSync(fixture('shard-gnu.tar'));
    const at = bytes.indexOf('{"n": 1}');
    bytes.write('{"n"', at);
    bytes.write('!!!!', at + 4);
    const path = file('broken.tar', bytes);
    await expect(loadDataset(path)).rejects.toThrow('broken.tar: sample a/0001: a/0001.json cannot be read');
    const problems: string[] = [];
    const rows = await loadDataset({ path, onInvalid: (problem) => problems.push(problem) });
    expect([rows.length, problems.length]).toEqual([1, 1]);
  });
});

describe('the cache', () => {
  const cached = (name: string) => {
    const cache = join(folder, `cache-${name}`);
    return { cache, files: () => readdirSync(cache).filter((each) => each.endsWith('.arrow')) };
  };

  test('is found again by content, and made anew when the content changes', async () => {
    const { cache, files } = cached('content');
    const path = file('cached.jsonl', various.map((row) => JSON.stringify({ i: row.i })).join('\n'));
    const first = await loadDataset({ path, cache });
    expect([first.length, first.at(2499)]).toEqual([2500, { i: 2499 }]);
    const second = await loadDataset({ path: file('copy.jsonl', readFileSync(path)), cache });
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(files().length).toBe(1);
    file('cached.jsonl', readFileSync(path, 'utf8').replace('{"i":7}', '{"i":8}'));
    const third = await loadDataset({ path, cache });
    expect(third.at(7)).toEqual({ i: 8 });
    expect(third.fingerprint).not.toBe(first.fingerprint);
    expect(files().length).toBe(2);
  });

  test('tells of broken rows each time', async () => {
    const { cache } = cached('problems');
    const path = file('problems.jsonl', '{"i":0}\nx\n');
    for (let time = 0; time < 2; time++) {
      const problems: string[] = [];
      const rows = await loadDataset({ path, cache, onInvalid: (problem) => problems.push(problem) });
      expect([rows.length, problems.length]).toEqual([1, 1]);
    }
  });

  test('that a killed process left half-written is never read', async () => {
    const { cache, files } = cached('killed');
    const lines = Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ i, text: 'x'.repeat(400) }));
    const path = file('killed.jsonl', lines.join('\n'));
    // Writes as the cache does, and is killed between two batches.
    const script = `
      import { appendFileSync } from 'node:fs';
      const { writeAtomically } = await import(process.argv[1]);
      await writeAtomically(process.argv[2], async (partial) => {
        appendFileSync(partial, 'ARROW1');
        process.stdout.write('half');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    mkdirSync(cache);
    const { stripped } = await stripTypes();
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      stripped,
      join(cache, 'any.arrow'),
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readdirSync(cache).length).toBe(1);
    expect(files()).toEqual([]);
    const rows = await loadDataset({ path, cache });
    expect([rows.length, rows.at(19_999).i]).toEqual([20_000, 19_999]);
    expect(existsSync(join(cache, 'any.arrow'))).toBe(false);
  });

  /** The module that writes, as plain JavaScript that any Node runs. */
  async function stripTypes() {
    const source = readFileSync(fileURLToPath(new URL('atomic-file.ts', import.meta.url)), 'utf8');
    const stripped = file(
      'atomic-file.mjs',
      source.replace(/: Promise<void>|: \(partial: string\) => Promise<void>|: string/g, ''),
    );
    return { stripped };
  }
});

test('an Arrow file that Arrow for JavaScript wrote', async () => {
  const table = tableFromArrays({ n: Float64Array.of(1, 2), word: ['x', 'y'] });
  expect([...(await loadDataset(file('javascript.arrow', tableToIPC(table, 'file'))))]).toEqual([
    { n: 1, word: 'x' },
    { n: 2, word: 'y' },
  ]);
});

test('a large Arrow file gives single rows in any order', async () => {
  const path = join(folder, 'large.arrow');
  const text = 'x'.repeat(3000);
  // 75 MB: more than what is kept in memory.
  const rows = new Dataset<Row>(25_000, (i) => ({
    i,
    text: `${i} 🙂${text}`,
    half: i / 2,
    ...(i % 3 === 0 && { ok: i % 2 === 0 }),
    json: [i],
    bytes: Uint8Array.of(i % 256),
  }));
  await writeDataset(rows, path);
  const opened = await ArrowFile.open(path);
  for (const row of rows.shuffle(1).take(300)) expect(opened.at(row.i as number)).toEqual(row);
  for (let i = 100; i < 300; i++) expect(opened.at(i)).toEqual(rows.at(i));
  opened.close();
});
