import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { contract } from '@attune/algorithms/testing';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import myLoss from './index.ts';

before(() => useBackend('cpu'));

// What every algorithm must do: stay finite, ignore padding and order, add up over micro-batches.
for (const { name, run } of contract(myLoss)) test(name, run);

// What yours must do: compare with a value worked out by hand or by a reference implementation.
test('two answers of equal likelihood lose softplus(gamma)', () => {
  const answer = { logProbs: tf.tensor2d([[-1, -2]]), mask: tf.tensor2d([[1, 1]]) };
  const totals = { tokens: tf.scalar(4), examples: tf.scalar(1) };
  const { loss } = myLoss.loss({ chosen: answer, rejected: answer, totals }, { beta: 2, gamma: 1 });
  assert.ok(Math.abs(loss.dataSync()[0]! - Math.log(1 + Math.E)) < 1e-6);
});
