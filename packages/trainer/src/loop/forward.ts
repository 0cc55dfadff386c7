import { jit } from '@attune/backend-onnx';
import type { TokenBatch } from '@attune/data';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { batchLoss, type LossSettings } from './batch-loss.ts';
import { createCoupling } from './coupling.ts';
import { type BatchTensors, disposeTensors, type MicroBatch, toTensors } from './micro-batch.ts';
import { labelLogProbs, modelInputs, wantsLabelsOnly } from './outputs.ts';
import { stepTotals, type TotalNumbers } from './totals.ts';

/** A function from batches to one number for each place, `[batch, seq]`. Its `dispose` frees what was compiled. */
export interface PlaceNumbers {
  (batch: TokenBatch): Promise<Float32Array>;
  dispose(): void;
}

/**
 * A function from batches to the log-probability of each label, `[batch, seq]`, 0 where there is none. Compiled once
 * per shape; reads the model's weights at each call.
 */
export function createLogProbs(model: CausalLM): PlaceNumbers {
  return placeNumbers(model, (batch) => labelLogProbs(model, batch), 'log-probabilities', true);
}

/** As `createLogProbs`, what the scalar head says at each place: a critic's values, a reward model's scores. */
export function createScores(model: CausalLM): PlaceNumbers {
  return placeNumbers(model, (batch) => model.scores(modelInputs(batch)), 'scores');
}

function placeNumbers(
  model: CausalLM,
  compute: (batch: BatchTensors) => tf.Tensor2D,
  name: string,
  labelsOnly = false,
): PlaceNumbers {
  const compiled = jit(compute, { name });
  const run = async (batch: TokenBatch): Promise<Float32Array> => {
    const tensors = toTensors(
      { ...batch, rows: [], tokens: 0, inputTokens: 0, examples: 0, names: [] },
      { config: model.config, labelsOnly },
    );
    const result = await compiled.runAsync(tensors as never);
    const values = (await result.data()) as Float32Array;
    result.dispose();
    disposeTensors(tensors);
    return values;
  };
  return Object.assign(run, { dispose: () => compiled.dispose() });
}

/**
 * A function from the batches of a data set to the algorithm's loss and metrics over all of it. Losses divide by
 * totals of the whole set, so how it is cut into batches does not matter. Its `dispose` frees what was compiled.
 */
export function createEvaluation(settings: LossSettings) {
  let names: string[] = [];
  const couple = createCoupling(settings);
  const reading = {
    config: settings.models.policy.config,
    labelsOnly: wantsLabelsOnly(settings.algorithm.needs?.(settings.options) ?? {}),
  };
  const compiled = jit(
    (batch: BatchTensors, totals: TotalNumbers<tf.Scalar>) => {
      const { loss, metrics } = batchLoss(settings, batch, totals);
      names = ['loss', ...Object.keys(metrics)];
      return tf.stack([loss, ...Object.values(metrics)]);
    },
    { name: 'evaluation' },
  );
  // Where all examples of a step are compared with each other, every batch is a step of its own, and counts by its examples.
  const apart = settings.algorithm.needs?.(settings.options)?.wholeBatch === true;
  const run = async (
    given: readonly MicroBatch[],
    couplingState?: unknown,
  ): Promise<Record<string, number>> => {
    if (!apart) return named(await evaluate(given, couplingState));
    const all = given.reduce((sum, { examples }) => sum + examples, 0);
    let mean: number[] = [];
    for (const batch of given) {
      const found = await evaluate([batch], couplingState);
      mean = found.map((value, i) => (mean[i] ?? 0) + (value * batch.examples) / all);
    }
    return named(mean);
  };
  const named = (values: readonly number[]) => Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  const evaluate = async (given: readonly MicroBatch[], couplingState: unknown): Promise<number[]> => {
    const totals = stepTotals(given);
    const { batches } = await couple(given, totals.own, couplingState);
    const sums: number[] = [];
    for (const batch of batches) {
      const tensors = toTensors(batch, reading);
      const result = await compiled.runAsync(tensors as never, totals as never);
      for (const [i, value] of (await result.data()).entries()) sums[i] = (sums[i] ?? 0) + value;
      result.dispose();
      disposeTensors(tensors);
    }
    return sums;
  };
  return Object.assign(run, {
    dispose: () => {
      compiled.dispose();
      couple.dispose();
    },
  });
}
