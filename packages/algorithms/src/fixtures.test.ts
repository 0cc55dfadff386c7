import { readFileSync } from 'node:fs';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Totals } from './batches.ts';
import { dpoLoss, dpoOptions } from './pairs/dpo.ts';
import { sftLoss } from './supervised/sft.ts';

// Made by tooling/reference/algorithms/make_fixtures.py.
type Rows = number[][];
interface Case {
  options: Record<string, unknown>;
  loss: number;
  metrics: Record<string, number>;
}
interface Side {
  logProbs: Rows;
  refLogProbs: Rows;
  mask: Rows;
}
const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());
const stepTotals = (masks: Rows[], examples: number): Totals => ({
  tokens: tf.scalar(masks.flat(2).reduce((a, b) => a + b, 0)),
  examples: tf.scalar(examples),
});

function expectClose(actual: number[], expected: number[], what: string) {
  expect(actual.length, what).toBe(expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst, `${what}: largest difference`).toBeLessThanOrEqual(1e-5);
}

function expectMetrics(metrics: Record<string, tf.Scalar>, expected: Record<string, number>) {
  expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, metric] of Object.entries(metrics)) expectClose(numbers(metric), [expected[name]!], name);
}

describe.each(['cpu', 'onnx'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend, { quiet: true });
  });

  test('sft equals PyTorch', () => {
    const { logProbs, mask, loss, gradient } = fixture<{
      logProbs: Rows;
      mask: Rows;
      loss: number;
      gradient: Rows;
    }>('sft');
    const totals = stepTotals([mask], mask.length);
    const { value, grad } = tf.valueAndGrad(
      (x: tf.Tensor) => sftLoss({ logProbs: x as tf.Tensor2D, mask: tf.tensor2d(mask), totals }).loss,
    )(tf.tensor2d(logProbs));
    expectClose(numbers(value), [loss], 'loss');
    expectClose(numbers(grad), gradient.flat(), 'gradient');
  });

  describe('dpo equals TRL', () => {
    const { chosen, rejected, cases } = fixture<{
      chosen: Side;
      rejected: Side;
      cases: (Case & { gradients: Rows[] })[];
    }>('dpo');
    test.each(cases)('$options', ({ options, loss, metrics, gradients }) => {
      const side = (logProbs: tf.Tensor, { refLogProbs, mask }: Side) => ({
        logProbs: logProbs as tf.Tensor2D,
        refLogProbs: tf.tensor2d(refLogProbs),
        mask: tf.tensor2d(mask),
      });
      const totals = stepTotals([chosen.mask, rejected.mask], chosen.mask.length);
      const run = (c: tf.Tensor, r: tf.Tensor) =>
        dpoLoss({ chosen: side(c, chosen), rejected: side(r, rejected), totals }, dpoOptions.parse(options));
      const policy = [tf.tensor2d(chosen.logProbs), tf.tensor2d(rejected.logProbs)] as const;
      const { value, grads } = tf.valueAndGrads((c: tf.Tensor, r: tf.Tensor) => run(c, r).loss)([...policy]);
      expectClose(numbers(value), [loss], 'loss');
      expectClose(grads.flatMap(numbers), gradients.flat(2), 'gradients');
      expectMetrics(run(...policy).metrics, metrics);
    });
  });
});
