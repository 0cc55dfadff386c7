import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectClose, numbers } from '../fixtures/read.ts';
import { logitDivergence } from './divergence.ts';
import { gkd, onPolicyRounds } from './gkd.ts';
import { rewardAhead } from './minillm.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

const plain = { divergence: 'forward', beta: 0.5, temperature: 1, topK: 0 } as const;

describe('known limits', () => {
  const a = [1, 2, -1, 0.5];
  const b = [0, 0.3, 2, -2];
  const of = (options: object, x = a, y = b) =>
    numbers(logitDivergence(tf.tensor3d([[x]]), tf.tensor3d([[y]]), { ...plain, ...options }))[0]!;

  test.each(['forward', 'reverse', 'js'])('a student like its teacher is at distance 0: %s', (divergence) => {
    expectClose([of({ divergence }, a, a), of({ divergence, topK: 2 }, a, a)], [0, 0], divergence);
  });

  test('reverse is forward with the two exchanged; js at 1/2 is symmetric and at most log 2', () => {
    expectClose([of({ divergence: 'reverse' })], [of({}, b, a)], 'reverse');
    expectClose([of({ divergence: 'js' })], [of({ divergence: 'js' }, b, a)], 'js');
    const far = [50, 0, 0, 0];
    const away = [0, 50, 0, 0];
    expectClose([of({ divergence: 'js' }, far, away)], [Math.log(2)], 'js');
  });

  test('js over β tends to forward, over 1 − β to reverse', () => {
    const small = 1e-3;
    expect(of({ divergence: 'js', beta: small }) / small).toBeCloseTo(of({}), 1);
    expect(of({ divergence: 'js', beta: 1 - small }) / small).toBeCloseTo(of({ divergence: 'reverse' }), 1);
  });

  test('top-k of the whole vocabulary is all of it, and of less no more', () => {
    expectClose([of({ topK: 4 }), of({ topK: 99 })], [of({}), of({})], 'all');
    expect(of({ topK: 1 })).toBeLessThan(of({ topK: 2 }));
    expect(of({ topK: 2 })).toBeLessThan(of({}));
  });

  test('vocabularies that differ are refused', () => {
    expect(() => of({}, a, [0, 0, 0])).toThrow(
      'student and teacher must share a vocabulary, found 4 and 3 tokens',
    );
  });
});

test('what lies ahead of a token are the later tokens of its own answer', () => {
  const gap = tf.tensor2d([[9, 1, 2, 3, 9]]);
  const mask = tf.tensor2d([[0, 1, 1, 1, 0]]);
  expectClose(numbers(rewardAhead(gap, mask, false)).slice(1, 4), [5, 3, 0], 'sums');
  expectClose(numbers(rewardAhead(gap, mask, true)).slice(1, 4), [2.5, 3, 0], 'means');
});

test('who writes the answers', () => {
  expect(onPolicyRounds(0)).toBeUndefined();
  expect(onPolicyRounds(1)!.answers).toEqual([{ from: 'policy', count: 1 }]);
  expect(onPolicyRounds(0.5)!.answers.map(({ from }) => from)).toEqual(['policy', 'data']);
  expect(onPolicyRounds(1)!.examples({ from: ['policy'], scores: Float32Array.of(0) })).toEqual([
    { answer: 0 },
  ]);
  expect(() => gkd.options.parse({ onPolicy: 0.3 })).toThrow();
});
