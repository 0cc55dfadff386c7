import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { StepEvent } from './callbacks.ts';
import { type OptimizerName, optimizers } from './optimizers/index.ts';
import { parseRecipe } from './recipe/load.ts';
import { train } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const load = (name: string, ...overrides: string[]) =>
  parseRecipe(
    `
model: { layers: 1, heads: 2, width: 8, context: 96 }
tokenizer: { train: characters }
data: { train: { generate: word-problems, count: 8, difficulty: 1 }, template: none }
optimizer: { lr: 1e-2 }
schedule: { steps: 4 }
batch: { size: 2, micro: 1 }`,
    { label: name, folder, name, overrides },
  );
const read = (run: string, file: string) => readFileSync(join(folder, run, file)).toString('base64');

describe('a run that was interrupted and resumed ends with the same bits', () => {
  it.each(Object.keys(optimizers) as OptimizerName[])('with %s', async (name) => {
    const whole = load(name, `optimizer.name=${name}`, 'optimizer.ema=0.5');
    await train(whole, { output: join(folder, name) });

    const output = join(folder, `${name}-resumed`);
    const interruption = new AbortController();
    const steps: number[] = [];
    const callbacks = {
      onStep: ({ step }: StepEvent) => {
        steps.push(step);
        if (step === 2) interruption.abort();
      },
    };
    const tensors = tf.memory().numTensors;
    const first = await train(whole, { output, callbacks: [callbacks], signal: interruption.signal });
    expect(first.stopped).toBe('interrupted after step 2; continue from step 2 with --resume');
    expect(first.model).toBeUndefined();
    const second = await train(whole, { output, resume: true, callbacks: [callbacks] });
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(second.step).toBe(4);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const file of [
      'metrics.jsonl',
      'model/model.safetensors',
      'checkpoints/step-000004/optimizer.safetensors',
    ]) {
      expect(read(`${name}-resumed`, file), file).toBe(read(name, file));
    }
  });
});

it('stops where numbers are no longer finite, and keeps what was good', async () => {
  const loaded = load('diverging', 'optimizer={name: sgd, lr: 1e30, clipNorm: 0}', 'checkpoint.every=1');
  const { stopped, model, step } = await train(loaded, { output: join(folder, 'diverging') });
  expect(stopped).toMatch(
    /^step 2: the (loss is (NaN|-?Infinity) on word-problems row \d|gradient of .* is not finite)\. Nothing was updated, the last checkpoint is that of step 1; begin anew/,
  );
  expect(model).toBeUndefined();
  expect(step).toBe(1);
  expect(readFileSync(join(folder, 'diverging/report.html'), 'utf8')).toContain('stopped: step 2');
});

it('reports a finished run again without training', async () => {
  const { step, metrics } = await train(load('adamw', 'optimizer.ema=0.5'), {
    output: join(folder, 'adamw'),
    resume: true,
  });
  expect(step).toBe(4);
  expect(metrics.loss).toBeGreaterThan(0);
});
