import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../dataset.ts';
import { loadDataset } from './load-dataset.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-data-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rows: Row[] = [
  { text: 'one', n: 1, ok: true, list: [1, { a: 'b' }] },
  { text: 'zwei — 二 🙂', n: -2.5, ok: false, list: [] },
  { text: '', n: 3 },
  { extra: 'only here', text: 'four' },
];
const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');

describe('loadDataset reads', () => {
  test.each([
    ['rows.jsonl', jsonl],
    ['ended.jsonl', `${jsonl}\n`],
    ['windows.jsonl', `\uFEFF${jsonl.replaceAll('\n', '\r\n')}\r\n\r\n`],
    ['rows.jsonl.gz', gzipSync(jsonl)],
    ['rows.json', JSON.stringify(rows)],
    ['pretty.json', `\uFEFF ${JSON.stringify(rows, null, 2)}\n`],
  ])('%s', async (name, content) => {
    expect([...(await loadDataset(file(name, content)))]).toEqual(rows);
  });

  test('columns whose type changes, and nulls', async () => {
    const mixed: Row[] = [{ x: 1 }, { x: 'two' }, {}, { x: [3] }, { x: 'five' }];
    const content = mixed.map((row) => JSON.stringify('x' in row ? row : { x: null })).join('\n');
    expect([...(await loadDataset(file('mixed.jsonl', content)))]).toEqual(mixed);
  });

  test('more rows than one chunk of a column, lines longer than one read, a column that begins late', async () => {
    const many: Row[] = Array.from({ length: 40_000 }, (_, i) => (i < 30_000 ? { i } : { i, late: `${i}` }));
    const long: Row = { i: -1, late: 'x'.repeat(3_000_000) };
    const path = file('many.jsonl', [...many, long].map((row) => JSON.stringify(row)).join('\n'));
    const dataset = await loadDataset(path);
    expect(dataset.length).toBe(40_001);
    for (const i of [0, 16_383, 16_384, 29_999, 30_000, 39_999]) expect(dataset.at(i)).toEqual(many[i]);
    expect(dataset.at(40_000)).toEqual(long);
  });

  test('CSV and TSV with quotes, line breaks and empty fields', async () => {
    const csv = 'name,quote\r\nAda,"said ""hi"",\nthen left"\r\n\r\nBob,\n"Eve, too",x';
    const expected = [
      { name: 'Ada', quote: 'said "hi",\nthen left' },
      { name: 'Bob' },
      { name: 'Eve, too', quote: 'x' },
    ];
    expect([...(await loadDataset(file('rows.csv', csv)))]).toEqual(expected);
    expect([...(await loadDataset(file('rows.tsv', 'a\tb\n1\t2,3\n')))]).toEqual([{ a: '1', b: '2,3' }]);
  });

  test('plain text as one document or line by line', async () => {
    const path = file('poem.txt', 'Rosen\n\nund\nDornen\n');
    expect([...(await loadDataset(path))]).toEqual([{ text: 'Rosen\n\nund\nDornen\n' }]);
    const lines = [...(await loadDataset({ path, sampleBy: 'line' }))];
    expect(lines).toEqual([{ text: 'Rosen' }, { text: 'und' }, { text: 'Dornen' }]);
  });

  test.each(['rows.arrow', 'rows-stream.arrow'])('%s as pyarrow wrote it', async (name) => {
    const fixture = (other: string) => fileURLToPath(new URL(`../fixtures/${other}`, import.meta.url));
    const expected = (JSON.parse(readFileSync(fixture('rows.json'), 'utf8')) as Row[]).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
    );
    expect([...(await loadDataset(fixture(name)))]).toEqual(expected);
  });

  test('several files in a row', async () => {
    const paths = [file('a.jsonl', '{"i":0}\n{"i":1}'), file('b.jsonl', '{"i":2}'), file('c.csv', 'i\n3')];
    expect([...(await loadDataset(paths))]).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }, { i: '3' }]);
  });
});

describe('loadDataset refuses, in one line,', () => {
  const zipped = gzipSync(`${jsonl}\n`.repeat(50));
  const cases: [string, string | Uint8Array | undefined, string][] = [
    ['missing.jsonl', undefined, 'missing.jsonl: no such file'],
    ['empty.jsonl', '', 'empty.jsonl: is empty (0 bytes)'],
    ['blank.jsonl', '\n\n', 'blank.jsonl: holds no rows'],
    ['header.csv', 'a,b\n', 'header.csv: holds no rows'],
    [
      'cut.jsonl',
      '{"a": 1}\n{"a": "some te',
      'cut.jsonl:2: is not JSON: found "{\\"a\\": \\"some te"; it may be cut off',
    ],
    ['wrong.jsonl', '{"a": 1}\n\n{a: 2}', 'wrong.jsonl:3: is not JSON: found "{a: 2}"'],
    ['list.jsonl', '[1, 2]', 'list.jsonl:1: must be an object, found an array'],
    ['object.json', '{"a": 1}', 'object.json: must be an array of objects, found a object'],
    ['cut.json', '[{"a": 1}, {"a"', 'cut.json: element 1: is not JSON: found "{\\"a\\""; it may be cut off'],
    ['open.json', '[{"a": 1}, ', 'open.json: the array is never closed; the file may be cut off'],
    ['more.json', '[{"a": 1}] x', 'more.json: found more after the array'],
    ['number.json', ' 12', 'number.json: must be an array of objects, found a number'],
    ['mixed.json', '[{"a": 1}, 2]', 'mixed.json: element 1: must be an object, found a number'],
    [
      'comma.json',
      '[{"a": 1} {"a": 2}]',
      'comma.json: element 0: is not JSON: found "{\\"a\\": 1} {\\"a\\": 2}"',
    ],
    [
      'cut.jsonl.gz',
      zipped.subarray(0, zipped.length - 20),
      'cut.jsonl.gz: is cut off: the gzip stream ends early',
    ],
    ['fake.jsonl.gz', '{"a": 1}', 'fake.jsonl.gz: is damaged or no gzip file (incorrect header check)'],
    [
      'latin1.jsonl',
      Buffer.from('{"a": "x"}\n{"a": "gr\u00fcn"}\n', 'latin1'),
      'latin1.jsonl:2: is not UTF-8: found the byte 0xfc',
    ],
    ['half.txt', Buffer.from('abc\nd🙂').subarray(0, 7), 'half.txt:2: is not UTF-8: found the byte 0xf0'],
    ['ragged.csv', 'a,b\n1,2\n3\n', 'ragged.csv:3: found 1 fields, expected 2 as in the header (a, b)'],
    ['quote.csv', 'a,b\n1,"2\n3,4\n', 'quote.csv:2: a quote is never closed; the file may be cut off'],
    ['after.csv', 'a,b\n1,"2"3\n', 'after.csv:2: found "3" after a closing quote'],
    ['no.arrow', 'ARROW?', 'no.arrow: is '],
    [
      'model.bin',
      'x',
      `model.bin: unknown file type 'bin'; known are jsonl, ndjson, json, csv, tsv, txt, md, parquet, arrow, feather, tar, or say which with type`,
    ],
  ];
  test.each(cases)('%s', async (name, content, message) => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    const error: Error = await loadDataset(path).then(
      () => expect.unreachable('loaded'),
      (e) => e,
    );
    expect(error.message).toContain(join(folder, message));
    expect(error.message).not.toContain('\n');
  });

  test('an Arrow file that is cut off', async () => {
    const whole = readFileSync(new URL('../fixtures/rows.arrow', import.meta.url));
    await expect(loadDataset(file('cut.arrow', whole.subarray(0, 900)))).rejects.toThrow('cut.arrow: is ');
  });

  test('a folder', async () => {
    await expect(loadDataset({ path: folder, type: 'jsonl' })).rejects.toThrow(
      'is a folder; name the file in it',
    );
  });
});
