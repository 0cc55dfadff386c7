import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

test('the example of the README is examples/train.ts, and runs', async () => {
  const example = readFileSync(new URL('../examples/train.ts', import.meta.url), 'utf8');
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(example);
  const folder = mkdtempSync(join(tmpdir(), 'attune-readme-'));
  vi.stubEnv('RUN', join(folder, 'run'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/train.ts');
  expect(log.mock.calls[0]![0]).toMatch(/^loss [0-5]\.\d\d; the model is in .*run\/model$/);
  for (const name of [
    'recipe.yaml',
    'metrics.jsonl',
    'report.html',
    'model/model.safetensors',
    'checkpoints/step-000030/manifest.json',
  ]) {
    expect(existsSync(join(folder, 'run', name)), name).toBe(true);
  }
  rmSync(folder, { recursive: true });
});

test("a loop of one's own learns", async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/own-loop.ts');
  const losses = log.mock.calls.flatMap(([line]) => Number(/loss (\d\.\d+)/.exec(String(line))?.[1] ?? []));
  expect(losses.at(-1)).toBeLessThan(losses.at(-4)! / 2);
});
