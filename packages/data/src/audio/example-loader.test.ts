import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timedText } from '../concat/timed-text.ts';
import { Manifest } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { ShardedSampler } from '../samplers/sharded/sharded-sampler.ts';
import { ExampleLoader } from './example-loader.ts';
import { encodeWav } from './wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-loader-'));
afterAll(() => rmSync(folder, { recursive: true }));
const CLIPS = 40;
/** Clip i lasts 2 + i / 10 s and holds nothing but its own number. */
const seconds = (i: number) => 2 + i / 10;
const value = (i: number) => (i + 1) / 64;
let manifest: Manifest;

beforeAll(() => {
  const writer = new ManifestWriter(join(folder, 'm'), { shards: 1, chunkRows: 8 });
  for (let i = 0; i < CLIPS; i++) {
    const clip = new Float32Array(seconds(i) * 8000).fill(value(i));
    writeFileSync(join(folder, `${i}.wav`), encodeWav({ sampleRate: 8000, channels: [clip] }, 'float32'));
    writer.append({
      path: `${i}.wav`,
      duration: seconds(i),
      text: `t${i}`,
      language: 'zh',
      region: 'CN',
      speaker: 's',
    });
  }
  writer.close();
  manifest = Manifest.open(join(folder, 'm'));
});

test('merged examples hold each clip at its time, silence between, and the text with times', async () => {
  const loader = new ExampleLoader({ manifest, root: folder, sampleRate: 8000 });
  const sampler = new ShardedSampler({ manifest, budget: 60, concatenation: { gap: 0.5, maximum: 15 } });
  let clips = 0;
  for (const batch of sampler)
    for (const example of batch) {
      const { samples, segments } = await loader.load(example);
      expect(samples.length).toBe(example.length * 8);
      const wanted = new Float32Array(samples.length);
      for (const { text, start, end } of segments)
        wanted.fill(value(Number(text.slice(1))), Math.round(start * 8000), Math.round(end * 8000));
      // Byte for byte: comparing element by element takes seconds.
      expect(Buffer.compare(Buffer.from(samples.buffer), Buffer.from(wanted.buffer))).toBe(0);
      expect(timedText(segments)).toMatch(/^<zh><CN><asr>(<\d+\.\d\d>t\d+<\d+\.\d\d>)+$/);
      clips += segments.length;
    }
  expect(clips).toBe(CLIPS);
  expect(loader.counts).toEqual({ loaded: CLIPS, broken: 0 });
});

test('files that are missing or of another length: an error that names them, or counted', async () => {
  rmSync(join(folder, '3.wav'));
  writeFileSync(join(folder, '5.wav'), encodeWav({ sampleRate: 8000, channels: [new Float32Array(800)] }));
  const row = (i: number) =>
    Array.from({ length: CLIPS }, (_, r) => r).find((r) => manifest.row(r).path === `${i}.wav`)!;
  const plan = (i: number) => ({ rows: [row(4), row(i)], starts: [0, 2400], length: 6000 });
  const strict = new ExampleLoader({ manifest, root: folder, sampleRate: 8000 });
  await expect(strict.load(plan(3))).rejects.toThrow(/3\.wav: is missing$/);
  await expect(strict.load(plan(5))).rejects.toThrow('5.wav: the manifest says 2.5 s, the file has 0.100');
  const lenient = new ExampleLoader({ manifest, root: folder, sampleRate: 8000, broken: 'skip' });
  for (const i of [3, 5])
    expect((await lenient.load(plan(i))).segments.map(({ text }) => text)).toEqual(['t4']);
  expect(lenient.counts).toMatchObject({ loaded: 2, broken: 2 });
  expect(lenient.counts.firstProblem).toMatch(/3\.wav: is missing$/);
});
