import { describe, expect, test } from 'vitest';
import { expectClose, fixture, type Rows } from '../fixtures/read.ts';
import { nextKlCoefficient, rewardKlOptions } from '../kl/controllers.ts';
import { policyGradientMethods } from '../policy-gradient/index.ts';
import type { Rollout } from '../rollout.ts';
import { generalizedAdvantages } from './gae.ts';
import { groupAdvantages } from './group.ts';
import { leaveOneOutAdvantages } from './leave-one-out.ts';
import { softOverlongPunishment } from './overlong.ts';
import { discountedReturns } from './returns.ts';
import { whiten } from './whiten.ts';

// Made by tooling/reference/algorithms/advantages.py.
interface Case {
  method: string;
  options: Record<string, unknown>;
  advantages: Rows;
  returns?: Rows;
  keep?: number[];
  metrics?: Record<string, number>;
  /** Default: the fixture's. */
  rewards?: number[];
  explainedVariance?: number;
}
const { cases, controller, ...sampled } = fixture<{
  rewards: number[];
  groupSize: number;
  logProbs: Rows;
  refLogProbs: Rows;
  values: Rows;
  greedyRewards: number[];
  cases: Case[];
  controller: {
    first: number;
    target: number;
    horizon: number;
    answers: number;
    kl: number[];
    coefficients: number[];
  };
}>('advantages');

const float32 = (rows: Rows) => rows.map((row) => Float32Array.from(row));
const rollout: Rollout = {
  rewards: Float32Array.from(sampled.rewards),
  groupSize: sampled.groupSize,
  logProbs: float32(sampled.logProbs),
  refLogProbs: float32(sampled.refLogProbs),
  values: float32(sampled.values),
  greedyRewards: Float32Array.from(sampled.greedyRewards),
  maxTokens: 6,
};

describe('advantages equal verl', () => {
  test.each(cases)('$method $options', ({ method, options, ...expected }) => {
    const algorithm = policyGradientMethods[method]!;
    const found = algorithm.advantages!(
      { ...rollout, rewards: Float32Array.from(expected.rewards ?? sampled.rewards) },
      algorithm.options.parse(options),
    );
    for (const [i, row] of expected.advantages.entries()) {
      expectClose(found.advantages[i]!, row, `advantages of answer ${i}`);
      if (expected.returns) expectClose(found.returns![i]!, expected.returns[i]!, `returns of answer ${i}`);
    }
    for (const [name, value] of Object.entries(expected.metrics ?? {}))
      expectClose([found.metrics![name]!], [value], name);
    if (expected.keep) expect(Array.from(found.keep!)).toEqual(expected.keep);
    if (expected.explainedVariance !== undefined)
      expectClose(
        [found.metrics!['critic/explained-variance']!],
        [expected.explainedVariance],
        'explained variance',
      );
  });
});

test('the adaptive KL controller equals verl', () => {
  const options = { ...rewardKlOptions({ klCoefficient: controller.first }) };
  expect(Object.keys(options)).toContain('klTarget');
  const settings = {
    klCoefficient: controller.first,
    rewardKlEstimator: 'k1',
    klController: 'adaptive',
    klTarget: controller.target,
    klHorizon: controller.horizon,
  } as const;
  let coefficient = controller.first;
  for (const [i, kl] of controller.kl.entries()) {
    coefficient = nextKlCoefficient(coefficient, { kl, answers: controller.answers }, settings);
    expectClose([coefficient], [controller.coefficients[i]!], `rollout ${i}`);
  }
  expect(nextKlCoefficient(0.3, { kl: 100, answers: 64 }, { ...settings, klController: 'fixed' })).toBe(0.3);
});

test('an adaptive coefficient is carried from rollout to rollout', () => {
  const { ppo } = policyGradientMethods;
  const options = ppo!.options.parse({
    klController: 'adaptive',
    klCoefficient: 0.1,
    klTarget: 1e-3,
    klHorizon: 100,
  });
  const first = ppo!.advantages!(rollout, options);
  const second = ppo!.advantages!(rollout, options, JSON.parse(JSON.stringify(first.state)));
  expect(first.metrics!['kl/coefficient']).toBe(0.1);
  expect(second.metrics!['kl/coefficient']).toBe((first.state as { klCoefficient: number }).klCoefficient);
  expect(second.metrics!['kl/coefficient']).not.toBe(0.1);
});

describe('known limits', () => {
  const rewards = [0.1, -0.4, 0.9];
  const values = [0.3, 0.5, -0.2];
  test('GAE with λ = 1 is the return less the value, with λ = 0 the error of one step', () => {
    const gamma = 0.9;
    const { advantages, returns } = generalizedAdvantages(rewards, values, gamma, 1);
    const wanted = discountedReturns(rewards, gamma);
    expectClose(returns, wanted, 'returns');
    expectClose(
      advantages,
      wanted.map((value, t) => value - values[t]!),
      'advantages',
    );
    const oneStep = rewards.map((reward, t) => reward + gamma * (values[t + 1] ?? 0) - values[t]!);
    expectClose(generalizedAdvantages(rewards, values, gamma, 0).advantages, oneStep, 'advantages');
  });

  test('leave-one-out is the centred reward times n / (n − 1)', () => {
    const group = { rewards: Float32Array.of(1, 0, 0.5, -2), groupSize: 4 };
    const centred = groupAdvantages(group, 'none');
    expectClose(
      leaveOneOutAdvantages(group),
      centred.map((value) => (value * 4) / 3),
      'advantages',
    );
  });

  test('whitened numbers have mean 0 and variance 1; equal ones become 0', () => {
    const all = whiten([[1, 2, 4], [9], []]).flatMap((row) => Array.from(row));
    expectClose([all.reduce((a, b) => a + b, 0)], [0], 'mean');
    expectClose([all.reduce((a, b) => a + b * b, 0) / 3], [1], 'variance');
    expect(whiten([[0.1, 0.1], [0.1]]).map((row) => Array.from(row))).toEqual([[0, 0], [0]]);
    expect(whiten([[7]]).map((row) => Array.from(row))).toEqual([[0]]);
  });

  test('the punishment of overlong answers grows over the buffer to −1', () => {
    const logProbs = [5, 8, 9, 10].map((length) => new Float32Array(length));
    expect(Array.from(softOverlongPunishment({ logProbs, maxTokens: 10 }, 4))).toEqual([0, -0.5, -0.75, -1]);
    expect(Array.from(softOverlongPunishment({ logProbs, maxTokens: 10 }, 0))).toEqual([0, 0, 0, 0]);
  });
});

describe('what would become NaN is refused', () => {
  const advantages = (some: Partial<Rollout>, method = 'grpo', options = {}) => {
    const algorithm = policyGradientMethods[method]!;
    const logProbs = Array.from(some.rewards ?? [], () => Float32Array.of(-1));
    return algorithm.advantages!(
      { logProbs, maxTokens: 4, groupSize: 1, rewards: new Float32Array(), ...some },
      algorithm.options.parse(options),
    );
  };
  test.each([
    ['grpo', { rewards: Float32Array.of(1, 0), groupSize: 1 }, 'groupSize >= 2 answers a prompt, found 1'],
    ['rloo', { rewards: Float32Array.of(1, 0), groupSize: 1 }, 'groupSize >= 2 answers a prompt, found 1'],
    [
      'grpo',
      { rewards: Float32Array.of(1, 0, 1), groupSize: 2 },
      '3 rewards do not divide into groups of groupSize 2',
    ],
    ['grpo', { rewards: Float32Array.of(1, Number.NaN), groupSize: 2 }, 'reward 1 must be finite, found NaN'],
    ['remax', { rewards: Float32Array.of(1) }, 'remax needs greedyRewards, which the rollout lacks'],
    ['ppo', { rewards: Float32Array.of(1) }, 'ppo needs values, which the rollout lacks'],
  ])('%s %j', (method, some, message) => {
    const options = method === 'remax' || method === 'rloo' ? { klCoefficient: 0 } : {};
    expect(() => advantages(some, method, options)).toThrow(message);
  });

  test('rewards that need a reference say so', () => {
    const some = { rewards: Float32Array.of(1), greedyRewards: Float32Array.of(0) };
    expect(() => advantages(some, 'remax')).toThrow(
      'remax with klCoefficient > 0 needs refLogProbs, which the rollout lacks',
    );
  });

  test('a buffer longer than an answer', () => {
    const some = { rewards: Float32Array.of(1, 0), groupSize: 2 };
    expect(() => advantages(some, 'dapo', { overlongBuffer: 5 })).toThrow(
      'overlongBuffer 5 must not exceed the most tokens of an answer, 4',
    );
  });
});
