import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Manifest } from './manifest.ts';
import { ManifestWriter, type ManifestWriterOptions } from './manifest-writer.ts';
import type { Utterance } from './utterance.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-manifest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const utterances: Utterance[] = Array.from({ length: 100 }, (_, i) => ({
  path: `clips/${i}.flac`,
  duration: 1 + (i % 13) / 3,
  text: i === 7 ? `long ${'é'.repeat(600)}` : `text ${i} 你好`,
  language: ['zh', 'ja', 'vi'][i % 3]!,
  region: ['CN', 'JP', 'VN'][i % 3]!,
  ...(i % 10 === 0 ? {} : { speaker: `speaker-${i % 4}` }),
}));
function write(name: string, options: ManifestWriterOptions = {}, rows = utterances) {
  const writer = new ManifestWriter(join(folder, name), { shards: 3, chunkRows: 8, ...options });
  for (const row of rows) writer.append(row);
  return writer.close();
}

test('every row comes back, its strings and codes too', async () => {
  const header = write('rows');
  const manifest = Manifest.open(join(folder, 'rows'));
  expect(manifest.rows).toBe(100);
  expect(header.shards.map(({ rows }) => rows)).toEqual([36, 32, 32]);
  const back = Array.from({ length: 100 }, (_, i) => manifest.row(i));
  expect(back.map(({ path }) => path).toSorted()).toEqual(utterances.map(({ path }) => path).toSorted());
  for (const row of back) {
    const i = Number(/\d+/.exec(String(row.path))![0]);
    const { speaker, duration, ...strings } = utterances[i]!;
    expect(row).toMatchObject(strings);
    expect(row.duration).toBe(Math.ceil(duration * 1000 - 1e-6) / 1000);
    expect(row.speaker === 0).toBe(speaker === undefined);
  }
  expect(new Set(back.map(({ speaker }) => speaker)).size).toBe(5);
  expect(manifest.seconds).toBeCloseTo(
    back.reduce((sum, { duration }) => sum + Number(duration), 0),
    6,
  );
  expect(manifest.longerThan(3000)).toBe(utterances.filter(({ duration }) => duration > 3).length);
  await manifest.verify();
  manifest.close();
});

test('the same rows give the same hash, other rows another', () => {
  expect(write('again').hash).toBe(write('again2').hash);
  expect(write('fewer', {}, utterances.slice(1)).hash).not.toBe(write('again3').hash);
});

test('a column without any value keeps nothing apart', () => {
  write('bare', {}, [{ path: 'a', duration: 1, language: 'zh' }]);
  const manifest = Manifest.open(join(folder, 'bare'));
  expect(['language', 'region', 'speaker', 'path', 'other'].map((name) => manifest.has(name))).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
});

test('the folder appears when it is whole', () => {
  const path = join(folder, 'atomic');
  const writer = new ManifestWriter(path);
  writer.append(utterances[0]!);
  expect(existsSync(path)).toBe(false);
  writer.close();
  expect(existsSync(path)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  expect(() => new ManifestWriter(path)).toThrow('exists already');
});

describe('bad input', () => {
  const bad = (duration: unknown) => [utterances[0]!, { ...utterances[1]!, duration: duration as number }];

  test.each([
    [-1, 'negative'],
    [Number.NaN, 'not a number'],
    [undefined, 'not a number'],
    [0, 'zero'],
  ])('duration %s', (duration, reason) => {
    expect(() => write('bad', {}, bad(duration))).toThrow(
      `manifest: row 1 (clips/1.flac): duration must be a number of seconds > 0, found ${duration}`,
    );
    const name = `skipped-${reason}-${duration}`;
    expect(write(name, { invalid: 'skip' }, bad(duration)).skipped).toEqual({ [`duration is ${reason}`]: 1 });
  });

  test('no rows, no manifest, one that was cut off or edited', () => {
    expect(() => write('none', {}, [])).toThrow('a manifest must have rows, found none');
    expect(existsSync(join(folder, 'none'))).toBe(false);
    expect(() => Manifest.open(join(folder, 'nowhere'))).toThrow('holds no manifest.json');
    write('edited');
    const path = join(folder, 'edited', 'manifest.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"rows":100', '"rows":101'));
    expect(() => Manifest.open(join(folder, 'edited'))).toThrow(/was edited: its hash is/);
    writeFileSync(path, text.slice(0, 100));
    expect(() => Manifest.open(join(folder, 'edited'))).toThrow('is not JSON; it may be cut off');
  });

  test('a shard that was cut off names the file and the rows', () => {
    const { shards } = write('cut');
    truncateSync(join(folder, 'cut', 'shard-00001.bin'), Math.floor(shards[1]!.bytes * 0.6));
    const manifest = Manifest.open(join(folder, 'cut'));
    expect(manifest.row(3).path).toBeDefined();
    expect(() => manifest.row(40)).toThrow(
      /shard-00001\.bin: expected \d+ bytes, found \d+: rows 16 to 31 of it are lost; copy it again/,
    );
    rmSync(join(folder, 'cut', 'shard-00002.bin'));
    expect(() => manifest.row(99)).toThrow(/shard-00002\.bin: is missing/);
    manifest.close();
  });

  test('contents that changed are found by verify', async () => {
    write('changed');
    const path = join(folder, 'changed', 'shard-00000.bin');
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const manifest = Manifest.open(join(folder, 'changed'));
    await expect(manifest.verify()).rejects.toThrow('shard-00000.bin: its contents changed');
  });
});
