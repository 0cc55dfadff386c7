import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { labelledPlaces } from './labelled-places.ts';

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

const [batch, seq, vocab] = [4, 8, 40];
/** Labels at `count` places, from the end of each row. */
const labelsAt = (count: number) =>
  Int32Array.from({ length: batch * seq }, (_, i) =>
    (i % seq) * batch + Math.floor(i / seq) >= batch * seq - count ? (i * 7) % vocab : -100,
  );

test('names every labelled place once, and for each place where it went', () => {
  const labels = labelsAt(13);
  const { places, inverse } = labelledPlaces(labels, 50_000)!;
  const [to, from] = [places.dataSync(), inverse.dataSync()];
  // 13 and one for the rest, rounded up to eighths of 32.
  expect(to).toHaveLength(16);
  const labelled = [...labels.keys()].filter((i) => labels[i] !== -100);
  expect([...to].slice(0, 13)).toEqual(labelled);
  for (const place of to.slice(13)) expect(labels[place]).toBe(-100);
  for (const [i, label] of labels.entries()) expect(from[i]).toBe(label === -100 ? 13 : labelled.indexOf(i));
});

test.each([
  ['every place has a label', labelsAt(32), 50_000],
  ['nearly every place has one', labelsAt(28), 50_000],
  ['the vocabulary is small', labelsAt(5), 100],
])('nothing where %s', (_, labels, vocabSize) => {
  expect(labelledPlaces(labels, vocabSize)).toBeUndefined();
});

test.each([0, 5, 13, 27])('log-probabilities and gradients are the same with %s labels', (count) => {
  const sizes = { hidden_size: 16, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 2 };
  const config = { model_type: 'llama' as const, vocab_size: vocab, max_position_embeddings: 16, ...sizes };
  const model = CausalLM.fromConfig(config, { seed: 3 });
  const labels = labelsAt(count);
  const ids = tf.tensor2d(
    Int32Array.from({ length: batch * seq }, (_, i) => (i * 11) % vocab),
    [batch, seq],
    'int32',
  );
  const weights = tf.randomNormal([batch, seq], 0, 1, 'float32', 5);
  const evaluate = (labelled?: ReturnType<typeof labelledPlaces>) => {
    const of = () => model.logProbs({ inputIds: ids }, tf.tensor2d(labels, [batch, seq], 'int32'), labelled);
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(of(), weights)) as tf.Scalar);
    return [of(), ...Object.keys(grads).map((name) => grads[name]!)].map((x) => x.dataSync() as Float32Array);
  };
  const [expected, actual] = [evaluate(), evaluate(labelledPlaces(labels, 50_000))];
  expect(actual).toHaveLength(expected.length);
  for (const [i, values] of expected.entries()) {
    const error = values.reduce((worst, value, j) => Math.max(worst, Math.abs(value - actual[i]![j]!)), 0);
    expect(error).toBeLessThan(1e-5);
  }
  model.dispose();
});
