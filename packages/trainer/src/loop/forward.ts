import type { AnyAlgorithm } from '@attune/algorithms';
import { jit } from '@attune/backend-onnx';
import type { TokenBatch } from '@attune/data';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { type BatchTensors, batchLoss, type MicroBatch, toTensors } from './micro-batch.ts';
import { modelInputs } from './train-step.ts';

/**
 * A function from batches to the log-probability of each label, `[batch, seq]`, 0 where there is none. Compiled once
 * per shape; reads the model's weights at each call. Its `dispose` frees what was compiled.
 */
export function createLogProbs(model: CausalLM) {
  const compiled = jit((batch: BatchTensors) => model.logProbs(modelInputs(batch), batch.labels), {
    name: 'log-probabilities',
  });
  const run = async (batch: TokenBatch): Promise<Float32Array> => {
    const tensors = toTensors({ ...batch, rows: [], tokens: 0, inputTokens: 0, examples: 0, names: [] });
    const result = await compiled.runAsync(tensors);
    const values = (await result.data()) as Float32Array;
    tf.dispose([...Object.values(tensors), result]);
    return values;
  };
  return Object.assign(run, { dispose: () => compiled.dispose() });
}

/**
 * A function from the batches of a data set to the algorithm's loss and metrics over all of it. Losses divide by
 * totals of the whole set, so how it is cut into batches does not matter. Its `dispose` frees what was compiled.
 */
export function createEvaluation(model: CausalLM, algorithm: AnyAlgorithm, options: unknown) {
  let names: string[] = [];
  const compiled = jit(
    (batch: BatchTensors, tokens: tf.Scalar, examples: tf.Scalar) => {
      const logProbs = model.logProbs(modelInputs(batch), batch.labels);
      const { loss, metrics } = batchLoss(algorithm, options, logProbs, batch, { tokens, examples });
      names = ['loss', ...Object.keys(metrics)];
      return tf.stack([loss, ...Object.values(metrics)]);
    },
    { name: 'evaluation' },
  );
  const run = async (batches: readonly MicroBatch[]): Promise<Record<string, number>> => {
    const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
    const examples = batches.reduce((sum, batch) => sum + batch.examples, 0);
    const sums: number[] = [];
    for (const batch of batches) {
      const tensors = toTensors(batch);
      const result = await compiled.runAsync(tensors, tokens, examples);
      for (const [i, value] of (await result.data()).entries()) sums[i] = (sums[i] ?? 0) + value;
      tf.dispose([...Object.values(tensors), result]);
    }
    return Object.fromEntries(names.map((name, i) => [name, sums[i]!]));
  };
  return Object.assign(run, { dispose: () => compiled.dispose() });
}
