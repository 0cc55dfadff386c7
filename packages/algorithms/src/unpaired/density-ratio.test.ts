import { expect, test } from 'vitest';
import { expectClose, fixture } from '../fixtures/read.ts';
import { densityRatioWeights } from './density-ratio.ts';

test('the weights are those of a logistic regression', () => {
  const { embeddings, desirable, cases } = fixture<{
    embeddings: number[][];
    desirable: number[];
    cases: { l2: number; weights: number[] }[];
  }>('density-ratio');
  for (const { l2, weights } of cases)
    expectClose(densityRatioWeights(embeddings, desirable, { l2 }), weights, `l2 ${l2}`);
});

test('prompts like those of good answers weigh more, within bounds', () => {
  const embeddings = [[0], [0.2], [-0.1], [0.1], [5]];
  const weights = densityRatioWeights(embeddings, [1, 1, 1, 0, 0], { l2: 0.01, min: 0.3, max: 4 });
  expect(Array.from(weights.subarray(0, 3))).toEqual([1, 1, 1]);
  expect(weights[3]).toBeGreaterThan(weights[4]!);
  expect(weights[4]).toBeCloseTo(0.3);
});

test('what cannot be fitted is refused by name', () => {
  expect(() => densityRatioWeights([[1], [2]], [1])).toThrow('2 embeddings need as many judgements, found 1');
  expect(() => densityRatioWeights([[1], [2]], [1, 1])).toThrow('found 2 desirable and 0 undesirable');
  expect(() => densityRatioWeights([[1], [2, 3]], [1, 0])).toThrow('embedding 1 has 2 numbers, the first 1');
});
