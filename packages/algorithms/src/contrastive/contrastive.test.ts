import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ContrastiveBatch } from '../batches.ts';
import { expectClose, expectMetrics, fixture, numbers, type Rows } from '../fixtures/read.ts';
import { clip, clipLoss } from './clip.ts';
import { infonce, infonceLoss } from './infonce.ts';
import { itc, itcLoss } from './itc.ts';
import { hardNegatives, itm, itmLoss } from './itm.ts';
import { siglipLoss } from './siglip.ts';
import { querySimilarity } from './similarity.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

const totals = (examples: number) => ({ tokens: tf.scalar(0), examples: tf.scalar(examples) });

test('itm equals PyTorch, with the hardest negatives', () => {
  // Made by tooling/reference/algorithms/contrastive.py; its fused encoder is a bilinear form.
  const expected = fixture<{
    left: Rows;
    right: Rows;
    weights: Rows;
    lefts: number[];
    rights: number[];
    loss: number;
    metrics: Record<string, number>;
    gradients: { left: Rows; right: Rows };
  }>('itm');
  let seen: number[][] = [];
  let metrics: Record<string, tf.Scalar> = {};
  const run = (left: tf.Tensor, right: tf.Tensor) => {
    const match: ContrastiveBatch['match'] = (lefts, rights) => {
      seen = [numbers(lefts), numbers(rights)];
      const both = tf.mul(tf.gather(left, lefts), tf.gather(right, rights));
      return tf.matMul(both as tf.Tensor2D, tf.tensor2d(expected.weights), false, true);
    };
    const batch = {
      left: left as tf.Tensor2D,
      right: right as tf.Tensor2D,
      match,
      totals: totals(left.shape[0]!),
    };
    const result = itmLoss(batch, itm.options.parse({}));
    metrics = Object.fromEntries(Object.entries(result.metrics).map(([name, m]) => [name, tf.keep(m)]));
    return result.loss;
  };
  const { value, grads } = tf.valueAndGrads(run)([tf.tensor2d(expected.left), tf.tensor2d(expected.right)]);
  expect(seen).toEqual([expected.lefts, expected.rights]);
  expectClose(numbers(value), [expected.loss], 'loss');
  expectClose(numbers(grads[0]!), expected.gradients.left.flat(), 'gradient of the lefts');
  expectClose(numbers(grads[1]!), expected.gradients.right.flat(), 'gradient of the rights');
  expectMetrics(metrics, expected.metrics);
});

describe('known limits', () => {
  test('when all are alike, guessing is all there is', () => {
    const same = tf.ones([4, 2]) as tf.Tensor2D;
    const batch = {
      left: same,
      right: same,
      totals: totals(4),
      scalars: { logScale: tf.scalar(0), bias: tf.scalar(-1) },
    };
    expectClose(numbers(clipLoss(batch, clip.options.parse({})).loss), [Math.log(4)], 'clip');
    const { loss, metrics } = infonceLoss(batch, infonce.options.parse({}));
    expectClose(numbers(loss), [Math.log(4)], 'infonce');
    expectClose(numbers(metrics.information!), [0], 'information');
    // similarity 1, scale 1, bias −1: every logit is 0 and each of 4 pairs costs log 2
    expectClose(numbers(siglipLoss(batch).loss), [4 * Math.log(2)], 'siglip');
  });

  test('partners that nothing else resembles cost nothing', () => {
    const eye = tf.eye(3);
    const batch = { left: eye, right: eye, totals: totals(3), scalars: { logScale: tf.scalar(5) } };
    const { loss, metrics } = clipLoss(batch, clip.options.parse({}));
    expectClose(numbers(loss), [0], 'loss');
    expectClose(numbers(metrics['accuracy/left']!), [1], 'accuracy');
  });

  test('a hard negative is never the own partner; draws follow the similarities', () => {
    const similarity = tf.tensor2d([
      [9, 1, 2],
      [0, 9, -3],
      [-1, -2, 9],
    ]);
    expect(numbers(hardNegatives(similarity))).toEqual([2, 0, 0]);
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 300; seed++) {
      const drawn = numbers(hardNegatives(similarity, tf.randomUniform([3, 3], 0, 1, 'float32', seed)))[0]!;
      counts[drawn]!++;
    }
    expect(counts[0]).toBe(0);
    // softmax([1, 2]) = [0.27, 0.73]
    expect(counts[2]! / 300).toBeGreaterThan(0.63);
    expect(counts[2]! / 300).toBeLessThan(0.83);
  });

  test('of several queries the most similar counts', () => {
    const queries = tf.tensor3d([
      [
        [1, 0],
        [0, 2],
      ],
      [
        [-1, 0],
        [-1, 0],
      ],
    ]);
    const texts = tf.tensor2d([
      [0, 3],
      [5, 0],
    ]);
    expectClose(numbers(querySimilarity(queries, texts)), [1, 1, 0, -1], 'similarity');
    const left = tf.tensor2d([
      [1, 2],
      [-1, 0.5],
    ]);
    const batch = { left, right: texts, totals: totals(2), scalars: { temperature: tf.scalar(0.5) } };
    const leftQueries = tf.stack([left, left], 1) as tf.Tensor3D;
    const [one, several] = [batch, { ...batch, leftQueries }].map((b) => itcLoss(b, itc.options.parse({})));
    expectClose(numbers(several!.loss), numbers(one!.loss), 'itc of equal queries');
  });
});

test('a step of one example is refused, as is a missing scalar or encoder', () => {
  const one = tf.ones([1, 2]) as tf.Tensor2D;
  const two = tf.ones([2, 2]) as tf.Tensor2D;
  expect(() => infonceLoss({ left: one, right: one, totals: totals(1) }, { temperature: 1 })).toThrow(
    'infonce: tells examples of a step apart, so it needs at least 2, found 1',
  );
  expect(() => siglipLoss({ left: two, right: two, totals: totals(2) })).toThrow(
    `siglip: the batch lacks the learned scalar 'logScale'`,
  );
  expect(() => itmLoss({ left: two, right: two, totals: totals(2) }, itm.options.parse({}))).toThrow(
    'itm: the batch lacks match, the fused encoder over pairs',
  );
});
