import type { Coupling } from '@attune/algorithms';
import { jit } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { type LossSettings, lossBatch } from './batch-loss.ts';
import { type BatchTensors, disposeTensors, type MicroBatch, toTensors } from './micro-batch.ts';
import { computeOutputs, wantsLabelsOnly } from './outputs.ts';
import type { StepTotal } from './totals.ts';

type Measure = (batch: unknown, options: unknown) => Record<string, tf.Tensor1D>;
type Combine = Coupling<'unpaired', unknown>['combine'];

/** What has been found of a step: the micro-batches with `coupled` filled in, and the state that comes after it. */
export interface Coupled {
  batches: readonly MicroBatch[];
  state: unknown;
}

/**
 * Measures a whole step without a gradient before it is cut into losses, for algorithms whose examples influence each
 * other (see `Coupling`). Without such an algorithm it hands the batches back as they are.
 */
export function createCoupling(settings: LossSettings) {
  const { algorithm, options, models } = settings;
  const declared = algorithm.coupling as
    | { applies?(options: unknown): boolean; measure: Measure; combine: Combine }
    | undefined;
  const coupling = declared?.applies?.(options) === false ? undefined : declared;
  const needs = algorithm.needs?.(options) ?? {};
  let names: string[] = [];
  const measure = jit(
    (batch: BatchTensors, totals: StepTotal<tf.Scalar>) => {
      const outputs = computeOutputs(models, needs, batch);
      const { batch: assembled } = lossBatch(algorithm, needs, batch, outputs, totals);
      const measured = coupling!.measure(assembled, options);
      names = Object.keys(measured);
      return Object.values(measured).map((value) => tf.clone(value));
    },
    { name: 'measure' },
  );

  const run = async (batches: readonly MicroBatch[], totals: StepTotal, state: unknown): Promise<Coupled> => {
    if (!coupling) return { batches, state };
    const parts: Float32Array[][] = [];
    for (const batch of batches) {
      const tensors = toTensors(batch, { config: models.policy.config, labelsOnly: wantsLabelsOnly(needs) });
      const found = await measure.runAsync(tensors as never, totals as never);
      const values = await Promise.all(found.map((value) => value.data() as Promise<Float32Array>));
      parts.push(values.map((value) => value.slice(0, batch.examples)));
      tf.dispose(found);
      disposeTensors(tensors);
    }
    const measured = Object.fromEntries(
      names.map((name, i) => [name, concat(parts.map((values) => values[i]!))]),
    );
    const combined = coupling.combine(measured, options, state);
    let at = 0;
    const coupled = batches.map((batch) => {
      const from = at;
      at += batch.examples;
      const own = Object.entries(combined.coupled).map(
        ([name, values]) => [name, values.slice(from, at)] as const,
      );
      return { ...batch, coupled: Object.fromEntries(own) };
    });
    return { batches: coupled, state: combined.state };
  };
  return Object.assign(run, { dispose: () => measure.dispose() });
}

/** Arrays one after the other. */
function concat(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
