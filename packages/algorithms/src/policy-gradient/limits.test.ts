import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RolloutBatch } from '../batches.ts';
import type { LossResult } from '../definition.ts';
import { expectClose, numbers } from '../fixtures/read.ts';
import { klEstimate } from '../kl/estimators.ts';
import { aggregate } from './aggregation.ts';
import { policyGradientMethods } from './index.ts';
import { rejectionSampledPairs } from './upo.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

const logProbs = [
  [-1, -2, -0.5],
  [-3, -0.1, -9],
];
const mask = [
  [1, 1, 1],
  [1, 1, 0],
];

/** Loss and gradient of a method by name. */
function measure(
  name: string,
  {
    options = {},
    old = logProbs,
    advantages = [0.5, -2],
    tokens = mask,
    ...rest
  }: {
    options?: object;
    old?: number[][];
    advantages?: number[];
    tokens?: number[][];
  } & Partial<Omit<RolloutBatch, 'advantages'>> = {},
) {
  const method = policyGradientMethods[name]!;
  const loss = method.loss as (batch: RolloutBatch, options: unknown) => LossResult;
  const values = tf.zeros([2, tokens[0]!.length]) as tf.Tensor2D;
  const run = (policy: tf.Tensor) =>
    loss(
      {
        logProbs: policy as tf.Tensor2D,
        oldLogProbs: tf.tensor2d(old),
        advantages: tf.tensor2d(tokens.map((row, i) => row.map(() => advantages[i]!))),
        mask: tf.tensor2d(tokens),
        ...(method.needs?.(method.options.parse(options)).critic
          ? { values, oldValues: values, returns: values }
          : {}),
        totals: { tokens: tf.scalar(tokens.flat().reduce((a, b) => a + b)), examples: tf.scalar(2) },
        ...rest,
      },
      method.options.parse(options),
    ).loss;
  const shape = logProbs.map((row) => row.slice(0, tokens[0]!.length));
  const { value, grad } = tf.valueAndGrad(run)(tf.tensor2d(shape));
  return { loss: numbers(value)[0]!, gradient: numbers(grad) };
}

const names = Object.keys(policyGradientMethods);
const aggregation = 'sequence-mean-token-mean';

describe.each(names)('%s', (name) => {
  test('advantages of 0 give gradients of 0', () => {
    const old = logProbs.map((row) => row.map((x, t) => x + (t % 2 ? 0.3 : -0.1)));
    expect(measure(name, { advantages: [0, 0], old }).gradient.every((g) => g === 0)).toBe(true);
  });

  test('at ratio 1 the gradient is the policy gradient, −A/(tokens · answers)', () => {
    // Every method weighs the tokens of an answer alike; RLOO's action is the answer, so its weight is not divided.
    const whole = name === 'rloo' ? [3, 2] : [1, 1];
    const wanted = mask.map((row, i) =>
      row.map((m) => (-m * [0.5, -2][i]! * whole[i]!) / (2 * row.reduce((a, b) => a + b))),
    );
    expectClose(measure(name, { options: { aggregation } }).gradient, wanted.flat(), 'gradient');
  });
});

const one = { tokens: [[1], [1]], old: [[-1.2], [-2.7]] };

test('GSPO, RLOO and GMPO are GRPO on answers of one token', () => {
  const options = { aggregation, clipLow: 0.2, clipHigh: 0.2 };
  const grpo = measure('grpo', { options, ...one });
  for (const name of ['gspo', 'rloo']) {
    const other = measure(name, { options, ...one });
    expectClose([other.loss, ...other.gradient], [grpo.loss, ...grpo.gradient], name);
  }
  // GMPO clips logarithms: the same bounds are log(1 − 0.2) and log(1 + 0.2).
  const bounds = { clipLow: -Math.log(0.8), clipHigh: Math.log(1.2) };
  const gmpo = measure('gmpo', { options: { aggregation, ...bounds }, ...one });
  expectClose([gmpo.loss, ...gmpo.gradient], [grpo.loss, ...grpo.gradient], 'gmpo');
});

test('the token form of GSPO equals its sequence form when advantages are constant', () => {
  const old = logProbs.map((row) => row.map((x, t) => x + 0.1 * (t - 1)));
  const [sequence, token] = ['sequence', 'token'].map((form) =>
    measure('gspo', { options: { form, clipLow: 0.5, clipHigh: 0.5 }, old }),
  );
  expectClose([token!.loss, ...token!.gradient], [sequence!.loss, ...sequence!.gradient], 'token form');
});

test('without a bound CISPO has the gradient of an unclipped ratio', () => {
  const old = logProbs.map((row) => row.map((x) => x + 0.4));
  const options = { aggregation: 'token-mean', clipLow: 1, clipHigh: 1e6 };
  const { gradient } = measure('cispo', { options, old });
  expectClose(gradient, measure('grpo', { options, old }).gradient, 'gradient');
});

test('a dual clip stops the gradient of what became far likelier although it is bad', () => {
  const old = [
    [-1, -2, -0.5],
    [-3 - Math.log(5), -0.1, -9],
  ];
  expect(measure('ppo', { old }).gradient[3]).toBeGreaterThan(0);
  expect(measure('ppo', { old, options: { dualClip: 3 } }).gradient[3]).toBe(0);
});

test('samplers that agree with the trainer need no correction', () => {
  const plain = measure('grpo');
  for (const correction of ['token-truncate', 'token-mask', 'sequence-truncate', 'sequence-mask']) {
    const corrected = measure('grpo', { options: { correction }, samplerLogProbs: tf.tensor2d(logProbs) });
    expectClose([corrected.loss, ...corrected.gradient], [plain.loss, ...plain.gradient], correction);
  }
});

test('options that need what the batch lacks say so', () => {
  expect(() => measure('grpo', { options: { correction: 'token-mask' } })).toThrow(
    'policy gradient: correction: token-mask needs samplerLogProbs, which the batch lacks',
  );
  const crossed = { correction: 'token-mask', correctionMin: 2, correctionMax: 1 };
  expect(() => measure('grpo', { options: crossed, samplerLogProbs: tf.tensor2d(logProbs) })).toThrow(
    'correctionMin 2 must not exceed correctionMax 1',
  );
  expect(() => measure('grpo', { options: { beta: 0.1 } })).toThrow('beta > 0 needs refLogProbs');
  expect(() => measure('ppo', { options: { entropyBonus: 0.1 } })).toThrow('entropyBonus > 0 needs entropy');
  expect(() => measure('ppo', { values: undefined })).toThrow('ppo needs values, oldValues and returns');
});

describe('KL estimators over a whole distribution', () => {
  // Two next-token distributions; expectations over the policy's are exact sums.
  const policy = [0.5, 0.3, 0.15, 0.05];
  const reference = [0.25, 0.25, 0.3, 0.2];
  const exact = policy.reduce((sum, p, i) => sum + p * Math.log(p / reference[i]!), 0);
  const estimates = (estimator: Parameters<typeof klEstimate>[3]) => {
    const ones = tf.ones([1, 4]) as tf.Tensor2D;
    const logs = (ps: number[]) => tf.tensor2d([ps.map(Math.log)]);
    // The gradient of log π by the logit j is δ − π; expected gradients of estimates by logits.
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
      tf.sum(tf.mul(klEstimate(x as tf.Tensor2D, logs(reference), ones, estimator), tf.tensor2d([policy]))),
    )(logs(policy));
    const g = numbers(grad);
    const total = g.reduce((a, b) => a + b, 0);
    return { mean: numbers(value)[0]!, byLogit: policy.map((p, j) => g[j]! - p * total) };
  };
  /** ∂KL(π ‖ ref)/∂logit. */
  const wanted = policy.map((p, j) => p * (Math.log(p / reference[j]!) - exact));

  test.each(['k1', 'k3', 'k1+', 'k3+'] as const)('%s is unbiased', (estimator) => {
    expectClose([estimates(estimator).mean], [exact], 'expectation');
  });

  test.each(['k2', 'k1+', 'k3+'] as const)(
    'the expected gradient of %s is that of the divergence',
    (name) => {
      expectClose(estimates(name).byLogit, wanted, 'gradient');
    },
  );

  test('the expected gradient of k1 is 0, that of k3 is that of KL(reference ‖ policy)', () => {
    expectClose(estimates('k1').byLogit, [0, 0, 0, 0], 'k1');
    expectClose(
      estimates('k3').byLogit,
      policy.map((p, j) => p - reference[j]!),
      'k3',
    );
  });
});

test('aggregation modes add up over micro-batches and ranks, with the totals of the step', () => {
  const values = tf.tensor2d([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  const tokens = tf.tensor2d([
    [1, 1, 1],
    [1, 0, 0],
    [1, 1, 0],
  ]);
  const totals = { tokens: tf.scalar(6), examples: tf.scalar(3) };
  const expected = {
    'token-mean': 25 / 6,
    'sequence-mean-token-mean': (2 + 4 + 7.5) / 3,
    'sequence-mean-token-sum': 25 / 3,
    'fixed-length': 25 / 3 / 10,
  };
  for (const [mode, wanted] of Object.entries(expected) as [keyof typeof expected, number][]) {
    const part = (from: number, rows: number) =>
      numbers(
        aggregate(
          tf.slice(values, [from, 0], [rows, 3]),
          tf.slice(tokens, [from, 0], [rows, 3]),
          totals,
          mode,
          10,
        ),
      )[0]!;
    expectClose([part(0, 3)], [wanted], mode);
    expectClose([part(0, 1) + part(1, 2)], [wanted], `${mode} in parts`);
  }
});

test('online UPO pairs the best answer to a prompt with its worst', () => {
  const rewards = Float32Array.of(0, 1, 0.5, 1, 1, 1, 0.2, 0, 0.1);
  expect(rejectionSampledPairs({ rewards, groupSize: 3 })).toEqual([
    { chosen: 1, rejected: 0 },
    { chosen: 6, rejected: 7 },
  ]);
  expect(rejectionSampledPairs({ rewards, groupSize: 3 }, 0.5)).toEqual([{ chosen: 1, rejected: 0 }]);
  expect(() => rejectionSampledPairs({ rewards, groupSize: 1 })).toThrow('groupSize >= 2, found 1');
});
