import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyAlgorithm, defineAlgorithm } from './definition.ts';
import { pairVariants } from './pairs/dpo-variants.ts';
import { algorithms } from './resolve.ts';
import { contract } from './testing/contract.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

/** Options beyond the defaults under which the contract must hold too. */
const variants: Record<string, object[]> = {
  sft: [{ labelSmoothing: 0.1 }, { average: 'sequences' }],
  dpo: [
    ...pairVariants.map((variant) => ({ variant, beta: 0.5 })),
    ...['sigmoid', 'robust', 'exo-pair', 'aot', 'aot-unpaired'].map((variant) => ({
      variant,
      labelSmoothing: 0.2,
    })),
    { variant: 'sft' },
    { variant: { sigmoid: 0.8, 'bco-pair': 0.2, sft: 1 } },
    ...['forward-kl', 'js', 'alpha'].map((divergence) => ({ divergence })),
    { divergence: 'forward-kl', variant: 'ipo' },
    { ldAlpha: 0.5, weighting: true, referenceSync: {} },
  ],
  'reward-model': [{ imitation: 0.5, center: 0.1, l2: 0.1, labelSmoothing: 0.1, margin: 0 }],
  'ordinal-reward-model': [{ scale: 0.5 }],
  'outcome-reward-model': [{ at: 'every' }],
  'process-advantage': [{ advantageWeight: 1 }],
  lipo: [{ weights: 'none' }],
  rrhf: [{ sft: 0 }],
  pro: [{ temperatures: false }],
  'online-dpo': [{ variant: 'ipo', samples: 4, judge: 'preferences' }],
  'iterative-dpo': [{ variant: { sigmoid: 1, sft: 1 } }, { variant: 'aot' }],
  sppo: [{ keep: 'all' }],
  dno: [{ labels: 'soft', gold: 0 }],
  xpo: [{ alpha: 0.1 }],
  'nash-md': [{ beta: 0.5, mixture: 0 }],
  ppo: [{ dualClip: 3, entropyBonus: 0.01, whitenRewards: true, klController: 'adaptive', rewardClip: 1 }],
  upo: [{ preferences: 'offline', ptxCoefficient: 0.5 }],
  reinforce: [{ baseline: 'none' }],
  bnpo: [{ beta: 0.1, klImportance: true }],
  cispo: [{ clipLow: 0.2, clipHigh: 0.2 }],
  gmpo: [{ beta: 0.1 }],
  rloo: [{ clipHigh: 10, klCoefficient: 0 }],
  gspo: [{ form: 'token' }],
  dapo: [{ overlongBuffer: 4, overlongFiltering: true }],
  remax: [{ correction: 'token-truncate' }],
  'reinforce++': [{ correction: 'sequence-mask' }],
  tdpo: [{ variant: 'tdpo1' }],
  cpo: [{ variant: 'hinge' }, { variant: 'ipo' }, { labelSmoothing: 0.1, alpha: 0 }],
  simpo: [{ gamma: 0, labelSmoothing: 0.1, sft: 1 }],
  alphapo: [{ alpha: -0.5 }, { alpha: 0 }],
  distill: [
    { divergence: 'reverse', temperature: 2 },
    { divergence: 'js', beta: 0.2, hardShare: 0.5 },
    { topK: 2, divergence: 'js' },
    { topK: 1 },
  ],
  gkd: [{ beta: 0 }, { beta: 1, topK: 3 }],
  minillm: [{ singleStep: false, lengthNormalisation: false, rewardClip: 1 }],
  clip: [{ maxScale: 5 }],
  itc: [{ labelSmoothing: 0.1 }, { momentum: 0.995 }],
  itm: [{ itcWeight: 0.5 }],
  grpo: [
    { aggregation: 'sequence-mean-token-mean', beta: 0.04 },
    { aggregation: 'fixed-length', scaleRewards: 'none', clipHigh: 0.28 },
    { beta: 1, klEstimator: 'k1', scaleRewards: 'batch' },
    { aggregation: 'sequence-mean-token-sum', beta: 1, klEstimator: 'k3+', dualClip: 3 },
  ],
};

for (const [name, algorithm] of Object.entries(algorithms)) {
  for (const options of [{}, ...(variants[name] ?? [])]) {
    describe(`${name} ${JSON.stringify(options)}`, () => {
      for (const check of contract(algorithm, options)) test(check.name, check.run);
    });
  }
}

/** The contract must catch what it is there for. */
describe('the contract finds', () => {
  const broken = (loss: AnyAlgorithm['loss']) =>
    defineAlgorithm({
      name: 'broken',
      paper: { title: '', url: '' },
      batch: 'supervised',
      options: z.strictObject({}),
      loss: (batch) => loss(batch as never, {}),
    });
  const failures = (algorithm: AnyAlgorithm) =>
    contract(algorithm)
      .filter(({ run }) => {
        try {
          run();
          return false;
        } catch {
          return true;
        }
      })
      .map(({ name }) => name);

  test('a mean over the micro-batch instead of the totals', () => {
    const loss = ({ logProbs, mask }: { logProbs: tf.Tensor; mask: tf.Tensor }) => ({
      loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, mask)), tf.sum(mask))) as tf.Scalar,
      metrics: {},
    });
    expect(failures(broken(loss as never))).toEqual(['micro-batches add up to the whole batch']);
  });

  test('padding that is not masked', () => {
    const loss = ({ logProbs, totals }: { logProbs: tf.Tensor; totals: { tokens: tf.Scalar } }) => ({
      loss: tf.neg(tf.div(tf.sum(logProbs), totals.tokens)) as tf.Scalar,
      metrics: {},
    });
    expect(failures(broken(loss as never))).toEqual([
      'padding does not matter',
      'rows that only fill up a batch add nothing',
    ]);
  });

  test('an exponential that overflows', () => {
    const loss = ({
      logProbs,
      mask,
      totals,
    }: {
      logProbs: tf.Tensor;
      mask: tf.Tensor;
      totals: { tokens: tf.Scalar };
    }) => ({
      loss: tf.div(tf.sum(tf.mul(tf.exp(tf.neg(logProbs)), mask)), totals.tokens) as tf.Scalar,
      metrics: {},
    });
    expect(failures(broken(loss as never))).toContain(
      'loss and gradients are finite on extreme log-probabilities',
    );
  });

  test('a loss that ignores the policy', () => {
    const loss = ({
      logProbs,
      mask,
      totals,
    }: {
      logProbs: tf.Tensor;
      mask: tf.Tensor;
      totals: { tokens: tf.Scalar };
    }) => ({
      loss: tf.div(tf.sum(tf.mul(tf.mul(logProbs, 0), mask)), totals.tokens) as tf.Scalar,
      metrics: {},
    });
    expect(failures(broken(loss as never))).toEqual(['the loss depends on the policy']);
  });

  test('a weight that depends on the place in the batch', () => {
    const loss = ({
      logProbs,
      mask,
      totals,
    }: {
      logProbs: tf.Tensor;
      mask: tf.Tensor;
      totals: { tokens: tf.Scalar };
    }) => {
      const weights = tf.reshape(tf.range(1, logProbs.shape[0]! + 1), [-1, 1]);
      const sum = tf.sum(tf.mul(tf.mul(logProbs, weights), mask));
      return { loss: tf.neg(tf.div(sum, totals.tokens)) as tf.Scalar, metrics: {} };
    };
    expect(failures(broken(loss as never))).toContain('the order of the examples does not matter');
  });
});
