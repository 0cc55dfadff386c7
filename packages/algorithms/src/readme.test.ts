import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { algorithms } from './resolve.ts';

test('the example of the README is examples/dpo-loss.ts, and runs', async () => {
  const example = readFileSync(new URL('../examples/dpo-loss.ts', import.meta.url), 'utf8');
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(example);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/dpo-loss.ts');
  // −log σ(0.5 ((0.1 + 0.1) − (−0.1 − 0.3))) = softplus(−0.3)
  expect(log.mock.calls).toEqual([['loss 0.5544, accuracy 1']]);
});

test('the README names every built-in algorithm', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const name of Object.keys(algorithms)) expect(readme).toContain(`\`${name}\``);
});

test('examples/grpo-bandit.ts learns', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  log.mockClear();
  await import('../examples/grpo-bandit.ts');
  const rewards = log.mock.calls.map(([line]) => Number(/mean reward (\S+)/.exec(line as string)?.[1]));
  expect(rewards).toHaveLength(3);
  expect(rewards[0]).toBeLessThan(0.6);
  expect(rewards[2]).toBeGreaterThan(0.9);
});

test('examples/kto-by-hand.ts learns', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  log.mockClear();
  await import('../examples/kto-by-hand.ts');
  const liked = log.mock.calls.map(([line]) => Number(/liked token (\S+)/.exec(line as string)?.[1]));
  expect(liked).toHaveLength(2);
  expect(liked[0]).toBeGreaterThan(0.4);
  expect(liked[1]).toBeGreaterThan(liked[0]!);
});
