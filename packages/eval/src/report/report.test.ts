import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scriptJson } from './html.ts';
import { type ReportContent, renderReport } from './report.ts';
import { formatNumber, niceScale } from './scale.ts';
import { isNoisy, type MetricsLine, panels, smooth, thin } from './series.ts';
import { readRun, writeReport } from './write-report.ts';

const steps = (count: number, line: (i: number) => MetricsLine): MetricsLine[] =>
  Array.from({ length: count }, (_, i) => ({ step: i + 1, ...line(i) }));
const noise = (i: number) => ((Math.imul(i + 1, 0x9e3779b1) >>> 16) / 65536 - 0.5) * 0.2;

const hostile = `</script><script>window.attacked = true</script><img src=x onerror="window.attacked = true">'"&\u0000`;
const content: ReportContent = {
  title: 'A run & its <report>',
  facts: { parameters: 1_250_000, backend: 'cpu' },
  notices: ['6 of 24 pairs were left out', hostile],
  scores: [
    { name: 'before', scores: { 'pass@1': { value: 0.5, low: 0.4, high: 0.6 } } },
    { name: 'after', scores: { 'pass@1': { value: 0.95, low: 0.9, high: 0.98 }, perplexity: 3.21 } },
  ],
  runs: [
    {
      name: 'first',
      metrics: steps(300, (i) => ({
        loss: 3 * Math.exp(-i / 50) + noise(i),
        'learning-rate': 1e-3 * (1 - i / 300),
        'grad-norm': i === 150 ? 1e6 : 1 + noise(i),
        kl: i === 9 ? 'NaN' : i === 12 ? 'Infinity' : i / 1000,
        ...(i % 50 === 49 && { 'validation/loss': 3 * Math.exp(-i / 50) }),
      })),
      recipe: `name: ${hostile}`,
      samples: [{ step: 300, prompt: hostile, answer: hostile, reward: 1, expected: hostile }],
    },
    { name: 'second', metrics: steps(3, (i) => ({ loss: i, [hostile]: i })) },
    { name: 'only NaN', metrics: steps(5, () => ({ loss: 'NaN' })) },
    { name: 'empty', metrics: [] },
  ],
};
const page = renderReport(content);

/** The pictures of a page: title and the d attributes of the drawn lines. */
function charts(html: string) {
  return html
    .split('<figure class="chart">')
    .slice(1)
    .map((figure) => ({
      title: /<span class="title">([^<]*)/.exec(figure)![1]!,
      lines: [...figure.split('</figure>')[0]!.matchAll(/<path class="line s\d" d="([^"]*)"/g)].map(
        (match) => match[1]!,
      ),
      text: figure.split('</figure>')[0]!,
    }));
}

describe('the page', () => {
  test('has a picture for each metric, the most telling first', () => {
    const titles = charts(page).map(({ title }) => title);
    expect(titles.slice(0, 4)).toEqual(['loss', 'kl', 'gradient norm', 'learning rate']);
    expect(titles.length).toBe(7);
    expect(page).toContain('No metrics were recorded.');
    expect(charts(page).at(-1)!.text).toContain('no finite value was recorded');
    expect(charts(page).at(-1)!.text).toContain('5 values were not finite, the first at step 1');
    expect(charts(page)[1]!.text).toContain('2 values were not finite, the first at step 10');
  });

  test('draws every line with real numbers', () => {
    expect(charts(page)[0]!.lines.length).toBe(2);
    for (const { lines } of charts(page)) {
      for (const line of lines) expect(line).toMatch(/^M[-\d.]+ [-\d.]+(L[-\d.]+ [-\d.]+)*$/);
    }
    // Steps 1 to 300 over the whole width, the loss falling from the top to the bottom of the picture.
    const points = charts(page)[0]!
      .lines[0]!.slice(1)
      .split('L')
      .map((pair) => pair.split(' ').map(Number));
    expect(points[0]![0]).toBe(48);
    expect(points.at(-1)![0]).toBe(506);
    expect(points.at(-1)![1]! - points[0]![1]!).toBeGreaterThan(120);
    expect(page).not.toMatch(/NaN [\d-]|undefined|\[object/);
  });

  test('one spike does not squash a curve', () => {
    const spiky = charts(page)[2]!;
    const ticks = [...spiky.text.matchAll(/text-anchor="end">([^<]*)/g)].map((match) => Number(match[1]));
    expect(Math.max(...ticks)).toBeLessThan(2);
    expect(spiky.text).toMatch(/class="raw s0" d="[^"]*-\d{6,}/); // it runs out of the picture at the top
  });

  test('shows scores with their intervals, facts, and nothing where there is none', () => {
    expect(page).toContain('95.0%');
    expect(page).toContain('90.0% – 98.0%');
    expect(page).toContain('<dd>1.25M</dd>');
    expect(page).toContain('<td>–</td>');
  });

  test('escapes every text and fetches nothing', () => {
    expect(page).toContain('<title>A run &amp; its &lt;report&gt;</title>');
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)!.length).toBe(
      1 + charts(page).filter(({ lines }) => lines.length > 0).length,
    );
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;');
    expect(page).not.toContain('\u0000');
    const friendly = renderReport({
      title: 'a',
      runs: [{ name: 'b', metrics: steps(9, (i) => ({ loss: i })) }],
    });
    expect(friendly).not.toMatch(/(src|href)\s*=|@import|url\((?!#)|https?:/);
  });

  test('data inside a script element cannot end it', () => {
    const text = scriptJson({ label: hostile }).text;
    expect(text).not.toContain('<');
    expect(JSON.parse(text)).toEqual({ label: hostile });
  });

  test('renders with nothing at all', () => {
    expect(renderReport({ title: 'nothing', runs: [] })).toContain('<h1>nothing</h1>');
  });
});

describe('a run folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-report-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is read, a last line that was cut off included, and reported', () => {
    writeFileSync(join(folder, 'metrics.jsonl'), '{"step":1,"loss":2}\n{"step":2,"loss":1}\n{"step":3,"lo');
    writeFileSync(
      join(folder, 'speed.jsonl'),
      '{"step":1,"seconds":0.5,"tokensPerSecond":99,"memoryBytes":2e9,"remainingSeconds":7}\n',
    );
    writeFileSync(join(folder, 'samples.jsonl'), '{"step":2,"prompt":"p","answer":"a"}\n');
    writeFileSync(join(folder, 'recipe.yaml'), 'name: x\n');
    const run = readRun(folder, 'x');
    expect(run.metrics).toEqual([
      { step: 1, loss: 2 },
      { step: 2, loss: 1 },
      { step: 1, 'tokens-per-second': 99, 'memory (GB)': 2, 'seconds per step': 0.5 },
    ]);
    expect(run).toMatchObject({ name: 'x', recipe: 'name: x\n', samples: [{ prompt: 'p' }] });
    const html = readFileSync(writeReport(folder), 'utf8');
    expect(charts(html).map(({ title }) => title)).toEqual([
      'loss',
      'tokens per second',
      'seconds per step',
      'memory (GB)',
    ]);
    expect(existsSync(join(folder, 'report.html.tmp'))).toBe(false);
  });

  test('damage inside a file is named', () => {
    writeFileSync(join(folder, 'metrics.jsonl'), '{"step":1}\n{"st\n{"step":3}\n');
    expect(() => readRun(folder)).toThrow('metrics.jsonl:2: is not JSON: found "{\\"st"');
  });

  test('an empty folder gives an empty report', () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    expect(readFileSync(writeReport(empty), 'utf8')).toContain('No metrics were recorded.');
  });

  test('a folder that is not there is made', () => {
    const report = writeReport(join(folder, 'new/one'), { title: 'x', runs: [] });
    expect(readFileSync(report, 'utf8')).toContain('<title>x</title>');
  });
});

describe('curves', () => {
  test('held-out values share the picture of the training values', () => {
    const [loss, rewards] = panels([
      {
        step: 1,
        loss: 2,
        'validation/loss': 3,
        'rewards/chosen': 1,
        'rewards/rejected': -1,
        'validation/rewards/chosen': 2,
      },
    ]);
    expect(loss!.series.map(({ label, color }) => [label, color])).toEqual([
      ['training', 0],
      ['held out', 1],
    ]);
    expect(rewards!.series.map(({ label, color }) => [label, color])).toEqual([
      ['chosen', 0],
      ['rejected', 1],
      ['chosen, held out', 2],
    ]);
  });

  test('a reward in training comes before the loss', () => {
    expect(panels([{ step: 1, loss: 0, reward: 1 }])[0]!.title).toBe('reward');
    expect(panels([{ step: 1, loss: 0, 'validation/reward': 1 }])[0]!.title).toBe('loss');
  });

  test('smoothing keeps straight lines, also at their ends, and calms noise', () => {
    const line = Array.from({ length: 50 }, (_, i): [number, number] => [i, 3 * i - 7]);
    for (const [i, [, value]] of smooth(line, 5).entries()) expect(value).toBeCloseTo(3 * i - 7, 8);
    const noisy = line.map(([step], i): [number, number] => [step, i % 2]);
    for (const [, value] of smooth(noisy, 10).slice(10, 40)) expect(Math.abs(value - 0.5)).toBeLessThan(0.05);
    expect([isNoisy(line), isNoisy(noisy)]).toEqual([false, true]);
  });

  test('thinning keeps spikes', () => {
    const points = Array.from({ length: 10_000 }, (_, i): [number, number] => [i, i === 4321 ? 100 : 0]);
    const thinned = thin(points, 200);
    expect(thinned.length).toBeLessThanOrEqual(200);
    expect(thinned).toContainEqual([4321, 100]);
    expect(thinned.map(([step]) => step)).toEqual(thinned.map(([step]) => step).toSorted((a, b) => a - b));
  });

  test('axes are round and cover the values', () => {
    expect(niceScale(0.13, 0.97)).toEqual({ low: 0.125, high: 1, ticks: [0.5, 1] });
    expect(niceScale(-3, 12)).toEqual({ low: -3.75, high: 12.5, ticks: [0, 5, 10] });
    expect(niceScale(0.3, 5.8)).toEqual({ low: 0, high: 6, ticks: [0, 2, 4, 6] });
    expect(niceScale(1e-4, 1e-4).ticks).toContain(1e-4);
    expect(niceScale(0, 0).ticks).toContain(0);
    expect([1234.5678, 0.00001234, -2, 1_500_000, 12_345, 0].map(formatNumber)).toEqual([
      '1235',
      '1.2e−5',
      '−2',
      '1.5M',
      '12.3k',
      '0',
    ]);
  });
});

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

describe.skipIf(!CHROMIUM)('in a browser (skipped where no Chromium is installed)', () => {
  let browser: Browser;
  let file: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    file = join(mkdtempSync(join(tmpdir(), 'attune-page-')), 'report.html');
    writeFileSync(file, page);
  });
  afterAll(() => browser.close());

  test.each(['light', 'dark'] as const)(
    '%s: plots are drawn, texts stay texts, the pointer shows values',
    async (colorScheme) => {
      const view = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 900 } });
      const problems: string[] = [];
      const requests: string[] = [];
      view.on('pageerror', (error) => problems.push(error.message));
      view.on('console', (message) => problems.push(message.text()));
      view.on('request', (request) => requests.push(request.url()));
      await view.goto(pathToFileURL(file).href);

      const boxes = await view.locator('path.line').evaluateAll((paths) =>
        paths.map((path) => {
          const { width, height } = (
            path as unknown as { getBoundingClientRect(): { width: number; height: number } }
          ).getBoundingClientRect();
          return { width, height };
        }),
      );
      expect(boxes.length).toBe(7);
      for (const { width, height } of boxes) {
        expect(width).toBeGreaterThan(200);
        expect(height).toBeGreaterThan(20);
      }
      const colors = await view.locator('body').evaluate((body) => {
        const style = (
          globalThis as unknown as {
            getComputedStyle(e: unknown): { color: string; backgroundColor: string };
          }
        ).getComputedStyle(body);
        return [style.color, style.backgroundColor].map((color) =>
          color
            .match(/\d+/g)!
            .slice(0, 3)
            .reduce((sum, c) => sum + Number(c), 0),
        );
      });
      expect(colors[0]! > colors[1]!).toBe(colorScheme === 'dark');

      await view
        .locator('.plot')
        .first()
        .hover({ position: { x: 250, y: 60 } });
      expect(await view.locator('.tip').first().textContent()).toMatch(
        /^step \d+training[\d.]+held out[\d.]+$/,
      );
      expect(await view.locator('.sample .answer').first().textContent()).toContain('<img src=x onerror=');
      expect(await view.evaluate('window.attacked')).toBeUndefined();
      expect(problems).toEqual([]);
      expect(requests).toEqual([pathToFileURL(file).href]);
      await view.close();
    },
  );
});
