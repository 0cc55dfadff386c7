import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';

test('the example of the README is examples/word-problem-batches.ts, and runs', async () => {
  const example = readFileSync(new URL('../examples/word-problem-batches.ts', import.meta.url), 'utf8');
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(example);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/word-problem-batches.ts');
  expect(log.mock.calls[0]![0]).toMatch(/^8 x (32|48|64) tokens, \d\d\d? of them targets$/);
});

test('examples/resume.ts shows that a state continues exactly', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/resume.ts');
  expect(log.mock.calls.at(-1)![0]).toMatch(/^\d{3} bytes of state; the same batch: true$/);
});
