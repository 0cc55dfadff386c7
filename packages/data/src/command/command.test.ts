import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDataset } from '../dataset/load-dataset.ts';
import { ChatTemplate } from '../text/chat-template.ts';
import { convertCommand } from './convert.ts';
import { Histogram } from './histogram.ts';
import { inspectCommand } from './inspect.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-command-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, rows: readonly unknown[]) => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  return path;
};

async function run(command: (print: (line: string) => void) => Promise<void>): Promise<string> {
  const lines: string[] = [];
  await command((line) => lines.push(line));
  return lines.join('\n');
}

describe('a histogram', () => {
  test('gives quantiles to within 2.2%, and bins that hold every value', () => {
    const histogram = new Histogram();
    for (let i = 0; i < 10_000; i++) histogram.add(i);
    for (const share of [0.01, 0.5, 0.9, 0.99])
      expect(Math.abs(histogram.quantile(share) / (share * 10_000) - 1)).toBeLessThan(0.023);
    expect([histogram.min, histogram.max, histogram.mean]).toEqual([0, 9999, 4999.5]);
    for (const parts of [1, 2, 4] as const) {
      const bins = histogram.bins(parts);
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
      for (const [i, { from }] of bins.slice(1).entries()) expect(from).toBe(bins[i]!.to);
    }
    expect(histogram.bins(1).slice(0, 4)).toEqual([
      { from: 0, to: 1, count: 1 },
      { from: 1, to: 2, count: 1 },
      { from: 2, to: 4, count: 2 },
      { from: 4, to: 8, count: 4 },
    ]);
  });
});

test('a histogram of values that are not whole', () => {
  const histogram = new Histogram();
  for (let i = 0; i < 1000; i++) histogram.add(0.5 + i / 500);
  for (const share of [0.1, 0.5, 0.9])
    expect(Math.abs(histogram.quantile(share) / (0.5 + 2 * share) - 1)).toBeLessThan(0.025);
  const bins = histogram.bins(1);
  expect(bins[0]).toMatchObject({ from: 0.4, to: 0.6 });
  expect(bins.at(-1)).toMatchObject({ from: 2.4, to: 2.6 });
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
});

describe('inspect', () => {
  const inspect = (paths: string[], options = {}) =>
    run((print) => inspectCommand({ paths, samples: 1, color: false, print, ...options }));

  test('columns, lengths, and samples with their targets marked', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      question: 'q'.repeat(i + 1),
      answer: `a${i}`,
      n: i,
    }));
    const text = await inspect([write('qa.jsonl', rows)], { template: ChatTemplate.chatml() });
    expect(text).toContain('qa.jsonl: 40 rows\nformat question-answer: 40 completion');
    expect(text).toMatch(/question {2}text {4}1 to 40, median ~20 characters/);
    expect(text).toMatch(/n {9}int {5}0 to 39, median ~19/);
    expect(text).toMatch(/<\|im_start\|>user\nq+<\|im_end\|>\n<\|im_start\|>assistant\n⟦a\d+<\|im_end\|>⟧/);
    expect(await inspect([join(folder, 'qa.jsonl')], { color: true })).toContain('\u001b[32ma');
  });

  test('what is wrong with the data', async () => {
    const path = write('bad.jsonl', [
      { text: 'fine', duration: 2 },
      { text: '', duration: -1 },
      'broken',
      { duration: 'x' },
      { text: 'an \u001b[31m escape', duration: 3600 },
    ]);
    await expect(inspect([path])).rejects.toThrow('bad.jsonl:3: is not JSON');
    const text = await inspect([path], { skipInvalid: true, samples: 9 });
    expect(text).toContain('bad.jsonl: 4 rows\n1 could not be read, the first:\n');
    expect(text).toContain('2 rows do not fit:\n  row 1: text must be a non-empty string, found ""');
    expect(text).toContain('int ×3, text ×1');
    expect(text).toContain('1 below 0');
    expect(text).toContain('duration: 1.0 hours if these are seconds');
    expect(text).toContain('an \\x1b[31m escape');
    expect(text).not.toContain('\u001b');
  });

  test('data of no known format, and a template that refuses', async () => {
    const unknown = await inspect([write('unknown.jsonl', [{ foo: 1 }])]);
    expect(unknown).toContain('no known format has the columns foo; rename or map them');
    expect(unknown).toContain('"foo": 1');
    const rows = [{ messages: [{ role: 'system', content: 'x' }] }];
    const refused = await inspect([write('system.jsonl', rows)], { template: ChatTemplate.named('gemma') });
    expect(refused).toContain(
      'the template refused 1, the first: row 0: chat template: Gemma knows no role system',
    );
  });

  test('the page needs nothing else, and text in data cannot become markup', async () => {
    const html = join(folder, 'page.html');
    const rows = [{ prompt: '<script>alert(1)</script>', chosen: 'good "&"', rejected: 'bad' }];
    expect(await inspect([write('pairs.jsonl', rows)], { html })).toContain(`wrote ${html}`);
    const page = readFileSync(html, 'utf8');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('<mark>good &quot;&amp;&quot;</mark>');
    expect(page).not.toMatch(/<script|https?:|src=/);
    expect(page.match(/<svg/g)!.length).toBe(5);
  });

  test('lengths in tokens of what a model sees', async () => {
    const path = write('prompts.jsonl', [{ prompt: 'one two' }]);
    const text = await inspect([path], { countTokens: (each: string) => each.split(' ').length });
    expect(text).toContain('length of examples in tokens');
    expect(text).toContain('mean 2,');
  });
});

describe('convert', () => {
  const convert = (paths: string[], to: string, options = {}) =>
    run((print) => convertCommand({ paths, to: join(folder, to), print, ...options }));

  test('between types, normalised', async () => {
    const path = write('alpaca.jsonl', [{ instruction: 'Add.', input: '1 1', output: '2' }]);
    expect(await convert([path], 'out.parquet', { normalize: true })).toBe(
      `wrote 1 rows to ${join(folder, 'out.parquet')}`,
    );
    expect([...(await loadDataset(join(folder, 'out.parquet')))]).toEqual([
      {
        messages: [
          { role: 'user', content: 'Add.\n\n1 1' },
          { role: 'assistant', content: '2' },
        ],
      },
    ]);
    const mixed = write('mixed.jsonl', [{ instruction: 'a', output: 'b' }, { text: 'c' }]);
    await expect(convert([mixed], 'mixed.arrow', { normalize: true })).rejects.toThrow(
      'row 1: instruction must be a non-empty string, found nothing',
    );
  });

  test('cleaned, and says what was left out; nothing is lost otherwise', async () => {
    const run13 = 'one two three four five six seven eight nine ten eleven twelve thirteen';
    const path = write('dirty.jsonl', [
      { text: 'a' },
      'x',
      { text: `Say: ${run13}.` },
      { text: 'a' },
      { text: 'b' },
    ]);
    const evaluation = write('eval.jsonl', [{ question: `${run13}?` }]);
    const said = await convert([path], 'clean.jsonl', {
      skipInvalid: true,
      dedup: 'exact',
      decontaminate: [evaluation],
    });
    expect(said).toBe(
      [
        'left out 1 duplicates',
        'left out 1 rows that share words with the evaluation set',
        `left out 1 rows that could not be read, first ${path}:2: is not JSON: found "x"; it may be cut off`,
        `wrote 2 rows to ${join(folder, 'clean.jsonl')}`,
      ].join('\n'),
    );
    expect(readFileSync(join(folder, 'clean.jsonl'), 'utf8')).toBe('{"text":"a"}\n{"text":"b"}\n');
    expect(await convert([path], 'few.jsonl', { skipInvalid: true, quality: true })).toContain(
      'left out 4 poor texts',
    );
  });

  test('shuffled and limited', async () => {
    const path = write(
      'numbers.jsonl',
      Array.from({ length: 50 }, (_, i) => ({ i })),
    );
    await convert([path], 'some.jsonl', { shuffle: 3, limit: 20 });
    const rows = [...(await loadDataset(join(folder, 'some.jsonl')))].map(({ i }) => i as number);
    expect(new Set(rows).size).toBe(20);
    expect(rows).not.toEqual([...rows].sort((a, b) => a - b));
  });
});
