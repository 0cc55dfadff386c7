import { expect, it } from 'vitest';
import type { StepEvent } from '../callbacks.ts';
import { consoleProgress, describeStep, duration } from './console.ts';

const event = (step: number): StepEvent => ({
  step,
  steps: 200,
  metrics: { loss: 2.31415, 'learning-rate': 3e-4, 'grad-norm': 1, tokens: 640 },
  speed: {
    seconds: 0.5,
    parts: { rollout: 0.2, scoring: 0, update: 0.3 },
    tokensPerSecond: 1204.4,
    memoryBytes: 4.2e8,
    remainingSeconds: 200,
  },
});
const line = 'step  12/200  loss 2.314  learning-rate 3.00e-4  grad-norm 1  1.2K tok/s  0.4 GB  ETA 3m 20s';

function record(isTTY: boolean, options = {}) {
  const written: string[] = [];
  const stream = { isTTY, columns: 160, write: (text: string) => written.push(text) };
  return { written, callbacks: consoleProgress(stream, options) };
}

it('describes a step in one line', () => {
  expect(describeStep(event(12))).toBe(line);
  expect([45, 200, 7500].map(duration)).toEqual(['45s', '3m 20s', '2h 5m']);
});

it('describes a step that had nothing to learn from', () => {
  const nothing = { ...event(12), metrics: { 'learning-rate': 3e-4, skipped: 1 } };
  expect(describeStep(nothing)).toContain('step  12/200  skipped  learning-rate 3.00e-4');
});

it('writes one line a step where there is no terminal, or every n-th and the last', () => {
  const every = record(false);
  for (const step of [11, 12]) every.callbacks.onStep!(event(step));
  expect(every.written).toEqual([`${line.replace('12/', '11/')}\n`, `${line}\n`]);
  const some = record(false, { logEvery: 10 });
  for (const step of [9, 10, 11, 200]) some.callbacks.onStep!(event(step));
  expect(some.written.map((text) => text.slice(5, 8).trim())).toEqual(['10', '200']);
});

it('redraws a bar on a terminal, and keeps other lines above it', () => {
  const { written, callbacks } = record(true);
  callbacks.onStep!(event(100));
  expect(written[0]).toBe(`\r\x1b[2K[${'█'.repeat(12)}${'░'.repeat(12)}] ${line.replace(' 12/', '100/')}`);
  callbacks.onNotice!('something');
  expect(written[1]).toBe(`\r\x1b[2Ksomething\n${written[0]!.replace('\r\x1b[2K', '')}`);
  callbacks.onEnd!({ folder: 'run', model: 'run/model', step: 200, metrics: {}, scores: {} });
  expect(written.slice(2).join('')).toBe('\n\r\x1b[2Kmodel in run/model\n');
});
