import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RolloutBatch } from '../batches.ts';
import type { LossResult } from '../definition.ts';
import { expectClose, expectMetrics, fixture, numbers, type Rows, stepTotals } from '../fixtures/read.ts';
import { klEstimate, klEstimateHost, klEstimators } from '../kl/estimators.ts';
import { policyGradientMethods } from './index.ts';

// Made by tooling/reference/algorithms/policy_gradient.py.
interface Case {
  method: string;
  reference: 'verl' | 'trl' | 'paper';
  options: Record<string, unknown>;
  advantages: 'answerAdvantages' | 'tokenAdvantages';
  loss: number;
  metrics: Record<string, number>;
  gradient: Rows;
  valuesGradient?: Rows;
}
type Inputs = Record<Exclude<keyof RolloutBatch, 'totals'> | 'tokenAdvantages', Rows> & {
  answerAdvantages: number[];
};
const { inputs, cases, kl } = fixture<{
  inputs: Inputs;
  cases: Case[];
  kl: Record<string, { values: Rows; gradient: Rows }>;
}>('policy-gradient');

/** The fixture's rollout around a given policy and critic. */
function batch(logProbs: tf.Tensor, values: tf.Tensor, kind: Case['advantages']): RolloutBatch {
  const rows = (name: keyof Inputs) => tf.tensor2d(inputs[name] as Rows);
  const perToken = inputs.mask.map((row, i) => row.map(() => inputs.answerAdvantages[i]!));
  return {
    logProbs: logProbs as tf.Tensor2D,
    oldLogProbs: rows('oldLogProbs'),
    refLogProbs: rows('refLogProbs'),
    samplerLogProbs: rows('samplerLogProbs'),
    entropy: rows('entropy'),
    mask: rows('mask'),
    advantages: kind === 'tokenAdvantages' ? rows('tokenAdvantages') : tf.tensor2d(perToken),
    values: values as tf.Tensor2D,
    oldValues: rows('oldValues'),
    returns: rows('returns'),
    totals: stepTotals(inputs.mask),
  };
}

describe.each(['cpu', 'onnx'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend, { quiet: true });
  });

  const worst: Record<string, number> = {};

  test.each(cases)('$method equals $reference $options', ({ method, options, ...expected }) => {
    const gaps: number[] = [];
    const algorithm = policyGradientMethods[method]!;
    const loss = algorithm.loss as (batch: RolloutBatch, options: unknown) => LossResult;
    const parsed = algorithm.options.parse(options);
    let metrics: LossResult['metrics'] = {};
    const run = (logProbs: tf.Tensor, values: tf.Tensor) => {
      const result = loss(batch(logProbs, values, expected.advantages), parsed);
      metrics = Object.fromEntries(Object.entries(result.metrics).map(([name, m]) => [name, tf.keep(m)]));
      return result.loss;
    };
    const [policy, critic] = [tf.tensor2d(inputs.logProbs), tf.tensor2d(inputs.values)];
    if (expected.valuesGradient) {
      const { value, grads } = tf.valueAndGrads(run)([policy, critic]);
      gaps.push(
        expectClose(numbers(value), [expected.loss], 'loss'),
        expectClose(numbers(grads[0]!), expected.gradient.flat(), 'gradient'),
        expectClose(numbers(grads[1]!), expected.valuesGradient.flat(), 'gradient of the values'),
      );
    } else {
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => run(x, critic))(policy);
      gaps.push(
        expectClose(numbers(value), [expected.loss], 'loss'),
        expectClose(numbers(grad), expected.gradient.flat(), 'gradient'),
      );
    }
    gaps.push(expectMetrics(metrics, expected.metrics));
    tf.dispose(metrics);
    const name = `${method}, ${expected.reference}`;
    worst[name] = Math.max(worst[name] ?? 0, ...gaps);
  });

  // ATTUNE_DIFFERENCES=1 prints how near each method comes to its reference.
  test('differences', () => {
    if (process.env.ATTUNE_DIFFERENCES) console.log(backend, worst);
    expect(Math.max(0, ...Object.values(worst))).toBeLessThanOrEqual(1e-5);
  });

  test.each(klEstimators.options)('%s equals verl', (estimator) => {
    const [reference, mask] = [tf.tensor2d(inputs.refLogProbs), tf.tensor2d(inputs.mask)];
    const estimate = (x: tf.Tensor) => klEstimate(x as tf.Tensor2D, reference, mask, estimator);
    const policy = tf.tensor2d(inputs.logProbs);
    const expected = kl[estimator]!;
    expectClose(numbers(estimate(policy)), expected.values.flat(), 'values');
    expectClose(numbers(tf.grad((x) => tf.sum(estimate(x)))(policy)), expected.gradient.flat(), 'gradient');
    for (const [i, row] of inputs.logProbs.entries()) {
      const length = inputs.mask[i]!.reduce((a, b) => a + b, 0);
      const host = klEstimateHost(
        Float32Array.from(row),
        Float32Array.from(inputs.refLogProbs[i]!),
        estimator,
      );
      expectClose(host.slice(0, length), expected.values[i]!.slice(0, length), `row ${i} on the host`);
    }
  });
});
