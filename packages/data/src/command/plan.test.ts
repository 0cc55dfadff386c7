import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, expect, test } from 'vitest';
import { Manifest } from '../manifest/manifest.ts';
import { syntheticClips } from '../manifest/synthetic.ts';
import { type PlanOptions, planCommand } from './plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { duration, language } = syntheticClips(3000, 3, 2);
const rows = Array.from(duration, (ms, i) => ({
  audio_filepath: `${i}.flac`,
  duration: ms / 1000,
  text: `text ${i}`,
  lang: ['zh', 'ja'][language[i]!],
}));
const write = (name: string, content: object[]) => {
  writeFileSync(join(folder, name), content.map((row) => JSON.stringify(row)).join('\n'));
  return join(folder, name);
};
const data = write('clips.jsonl', rows);
async function run(options: Partial<PlanOptions>) {
  const lines: string[] = [];
  await planCommand({ paths: [data], print: (line) => lines.push(line), ...options });
  return lines;
}
/** Cells of the line that begins with a name. */
const cells = (lines: string[], name: string) =>
  lines
    .find((line) => line.startsWith(name))!
    .slice(name.length)
    .trim()
    .split(/\s{2,}/);

test('says what buckets and concatenation give, and writes manifest and plan', async () => {
  const [out, manifest] = [join(folder, 'plan.arrow'), join(folder, 'clips.manifest')];
  const lines = await run({ out, manifest, ranks: 2, budget: 300 });
  const hours = duration.reduce((sum, ms) => sum + ms, 0) / 3.6e6;
  expect(lines[0]).toBe(
    `${data}: 3,000 clips, ${hours.toFixed(1)} hours, ${((hours * 3600) / 3000).toFixed(2)} s on average, at most ` +
      `${(Math.max(...duration) / 1000).toFixed(2)} s`,
  );
  const percent = (name: string) => Number.parseFloat(cells(lines, name)[2]!);
  expect(percent('32 clips at random')).toBeGreaterThan(55);
  expect(percent('duration buckets')).toBeLessThan(5);
  expect(percent('concatenated, knapsack')).toBeLessThan(1);
  const table = tableFromIPC(readFileSync(out));
  expect(table.numRows).toBe(Number(cells(lines, 'concatenated, knapsack')[0]!.replace(',', '')));
  const used = [...table.getChild('clips')!].flatMap((list) => [...list]);
  expect(new Set(used).size).toBe(3000);
  for (const list of table.getChild('clips')!)
    expect(new Set([...list].map((i) => language[i])).size).toBe(1);
  const opened = Manifest.open(manifest);
  expect(opened.rows).toBe(3000);
  expect(opened.row(0)).toMatchObject({ path: '0.flac', text: 'text 0', duration: duration[0]! / 1000 });
  opened.close();

  const again = await run({ paths: [manifest], ranks: 2, budget: 300 });
  expect(cells(again, 'duration buckets')).toEqual(cells(lines, 'duration buckets'));
  expect(Number(cells(again, 'concatenated, knapsack')[0]!.replace(',', ''))).toBeLessThan(
    table.numRows * 1.02,
  );
});

test('the padding of plain batches is what random batches have', async () => {
  const share = Number.parseFloat(cells(await run({ batchSize: 8 }), '8 clips at random')[2]!);
  let [real, padded] = [0, 0];
  for (let i = 0; i + 8 <= 3000; i += 8) {
    const batch = duration.subarray(i, i + 8);
    real += batch.reduce((a, b) => a + b);
    padded += 8 * Math.max(...batch);
  }
  expect(Math.abs(share - (1 - real / padded) * 100)).toBeLessThan(1.5);
});

test('bad input is named', async () => {
  const broken = write('broken.jsonl', [
    rows[0]!,
    { ...rows[1]!, duration: -3 },
    { ...rows[2]!, duration: 'x' },
  ]);
  const manifest = join(folder, 'never');
  await expect(run({ paths: [broken], manifest })).rejects.toThrow(
    'row 2: duration must be a number of seconds > 0, found -3; --skip-invalid leaves such rows out',
  );
  expect(existsSync(manifest)).toBe(false);
  const lines = await run({ paths: [broken], skipInvalid: true });
  expect(lines.at(-1)).toBe('left out 2 rows without a valid duration');
  await expect(run({ paths: [write('none.jsonl', [{ text: 'a' }])] })).rejects.toThrow(
    /has no column of durations; expected one of duration, .*, found text$/,
  );
  const long = write('long.jsonl', [rows[0]!, { ...rows[1]!, duration: 45 }]);
  await expect(run({ paths: [long] })).rejects.toThrow('clip 1 has 45 s, more than the maximum of 30 s');
  await expect(run({ budget: 5 })).rejects.toThrow(/more than the last edge .* or the budget \(5\) allows/);
  const skipped = await run({ paths: [long], concatenation: { overlong: 'skip' } });
  expect(skipped.at(-1)).toBe('left out 1 clips that are longer than 30 s');
});
