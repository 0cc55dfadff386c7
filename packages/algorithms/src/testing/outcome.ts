import * as tf from '@tensorflow/tfjs-core';
import type { BatchKind } from '../batches.ts';
import type { AnyAlgorithm, Coupling, LossResult } from '../definition.ts';
import {
  isLeaf,
  type SampleExample,
  type SampleStep,
  type SampleValue,
  sampleBatch,
  sampleTotals,
  stack,
} from './sample-batch.ts';

/** Loss, metrics and gradients on the host. */
export interface Outcome {
  loss: number;
  metrics: Record<string, number>;
  /** For each example the gradients by path. */
  gradients: SampleExample[];
  /** Gradients of what the examples share. */
  shared: SampleExample;
}

/** Runs the loss on a part of a step (default: all) and differentiates it by everything the policy says. */
export function outcome(
  algorithm: AnyAlgorithm,
  options: unknown,
  step: SampleStep,
  part: SampleExample[] = step.examples,
): Outcome {
  // The union of definitions cannot be called directly; `sampleBatch` makes the batch of the algorithm's own kind.
  const lossOf = algorithm.loss as (batch: unknown, options: unknown) => LossResult;
  const totals = sampleTotals(algorithm.batch, step.examples);
  return tf.tidy(() => {
    const coupled = couple(algorithm, options, step, part, totals);
    const paths = Object.keys(part[0]!).filter(isLeaf);
    const sharedPaths = Object.keys(step.shared).filter(isLeaf);
    const leaves = [
      ...paths.map((path) => stack(path, part)),
      ...sharedPaths.map((path) => tf.tensor(step.shared[path] as number[])),
    ];
    let metrics: Record<string, number> = {};
    const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const given = Object.fromEntries([...paths, ...sharedPaths].map((path, i) => [path, inputs[i]!]));
      const batch = sampleBatch<BatchKind>({ ...step, examples: part }, given, totals);
      const result = lossOf(coupled ? { ...batch, coupled } : batch, options);
      metrics = Object.fromEntries(Object.entries(result.metrics).map(([name, x]) => [name, scalar(x)]));
      scalar(result.loss);
      // TensorFlow.js refuses to differentiate by what a loss does not read; its gradient is 0.
      return inputs.reduce<tf.Scalar>((sum, x) => tf.add(sum, tf.mul(tf.sum(x), 0)), result.loss);
    })(leaves);
    const values = grads.map((grad) => grad.arraySync() as SampleValue);
    return {
      loss: scalar(value),
      metrics,
      gradients: part.map((_, row) =>
        Object.fromEntries(paths.map((path, i) => [path, (values[i] as SampleValue[])[row] as SampleValue])),
      ),
      shared: Object.fromEntries(sharedPaths.map((path, i) => [path, values[paths.length + i]!])),
    };
  });
}

/** What the definition's coupling finds over the step, for the examples of a part; rows beyond the step get 0. */
function couple(
  algorithm: AnyAlgorithm,
  options: unknown,
  step: SampleStep,
  part: SampleExample[],
  totals: Record<string, number>,
): Record<string, tf.Tensor1D> | undefined {
  const coupling = algorithm.coupling as Coupling<BatchKind, unknown> | undefined;
  if (!coupling || coupling.applies?.(options) === false) return undefined;
  const measured = coupling.measure(sampleBatch<BatchKind>(step, {}, totals), options);
  const host = Object.fromEntries(
    Object.entries(measured).map(([name, x]) => [name, x.dataSync() as Float32Array]),
  );
  const rows = part.map((example) => step.examples.indexOf(example));
  return Object.fromEntries(
    Object.entries(coupling.combine(host, options, undefined).coupled).map(([name, values]) => {
      if (values.length !== step.examples.length)
        throw new Error(
          `${algorithm.name}: coupled.${name} has ${values.length} numbers, not one per example`,
        );
      return [name, tf.tensor1d(rows.map((row) => values[row] ?? 0))];
    }),
  );
}

function scalar(tensor: tf.Tensor): number {
  if (tensor.size !== 1)
    throw new Error(`a loss and its metrics must be scalars, found shape [${tensor.shape}]`);
  return tensor.dataSync()[0]!;
}

/** All numbers of an example's gradients. */
export function numbers(example: SampleExample): number[] {
  return Object.values(example).flatMap((value) => [value].flat(2) as number[]);
}

/** Outcomes of parts of a step, added up. */
export function addOutcomes(a: Outcome, b: Outcome): Outcome {
  const metrics = Object.fromEntries(
    Object.keys(a.metrics).map((name) => [name, a.metrics[name]! + b.metrics[name]!]),
  );
  const shared = Object.fromEntries(
    Object.entries(a.shared).map(([path, value]) => [path, addValues(value, b.shared[path]!)]),
  );
  return { loss: a.loss + b.loss, metrics, gradients: [...a.gradients, ...b.gradients], shared };
}

function addValues(a: SampleValue, b: SampleValue): SampleValue {
  if (!Array.isArray(a)) return a + (b as number);
  return a.map((value, i) => addValues(value, (b as number[])[i]!)) as SampleValue;
}

/** @throws when a number is not finite */
export function requireFinite(
  algorithm: string,
  { loss, metrics, gradients, shared }: Outcome,
  where: string,
): void {
  const bad = Object.entries({ loss, ...metrics }).find(([, value]) => !Number.isFinite(value));
  if (bad) throw new Error(`${algorithm}: ${bad[0]} is ${bad[1]} (${where})`);
  for (const example of [...gradients, shared]) {
    for (const [path, value] of Object.entries(example)) {
      const gradient = ([value].flat(2) as number[]).find((g) => !Number.isFinite(g));
      if (gradient !== undefined)
        throw new Error(`${algorithm}: a gradient of ${path} is ${gradient} (${where})`);
    }
  }
}

/** @throws when two outcomes differ by more than rounding */
export function requireEqual(algorithm: string, what: string, actual: Outcome, expected: Outcome): void {
  requireClose(algorithm, `${what} loss`, actual.loss, expected.loss);
  for (const [name, value] of Object.entries(expected.metrics))
    requireClose(algorithm, `${what} metric ${name}`, actual.metrics[name]!, value);
  for (const [i, example] of [...expected.gradients, expected.shared].entries()) {
    const own = i < expected.gradients.length ? actual.gradients[i]! : actual.shared;
    for (const [path, value] of Object.entries(example)) {
      const wanted = [value].flat(2) as number[];
      for (const [at, g] of ([own[path]!].flat(2) as number[]).entries())
        requireClose(algorithm, `${what} gradient of ${path}`, g, wanted[at]!);
    }
  }
}

/** Float32 sums in another order differ by rounding only. */
function requireClose(algorithm: string, what: string, actual: number, expected: number): void {
  const close = Math.abs(actual - expected) <= 2e-6 + 1e-5 * Math.abs(expected);
  if (!close) throw new Error(`${algorithm}: ${what} is ${actual}, expected ${expected}`);
}
