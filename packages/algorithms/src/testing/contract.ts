import * as tf from '@tensorflow/tfjs-core';
import type { BatchKind, BatchKinds } from '../batches.ts';
import type { AnyAlgorithm, LossResult } from '../definition.ts';
import { advantageChecks } from './advantage-checks.ts';
import { type SampleExample, sampleBatch, sampleExamples, sampleTotals } from './sample-batch.ts';

/** One property that every algorithm has. `run` throws when the algorithm lacks it. */
export interface ContractCheck {
  name: string;
  run(): void;
}

/** Loss, metrics and gradients on the host. */
interface Outcome {
  loss: number;
  metrics: Record<string, number>;
  /** Per example, per sequence, per token. */
  gradients: number[][][];
}

/**
 * The properties that every algorithm must have, as named checks for any test runner:
 *
 * ```ts
 * for (const { name, run } of contract(myLoss)) test(name, run);
 * ```
 *
 * A TensorFlow.js backend with gradients must be active (`await useBackend('cpu')`).
 *
 * @param options what a recipe would write; default: none
 */
export function contract(algorithm: AnyAlgorithm, options: unknown = {}): ContractCheck[] {
  const parsed = algorithm.options.parse(options);
  const examples = sampleExamples(algorithm.batch);
  const measure = (some: SampleExample[], of = some) => outcome(algorithm, parsed, some, sampleTotals(of));

  const checks: ContractCheck[] = [
    { name: 'the defaults of its options are complete', run: () => void algorithm.options.parse({}) },
    {
      name: 'the loss depends on the policy',
      run: () => {
        const { gradients } = measure(examples);
        if (gradients.flat(2).every((g) => g === 0))
          throw new Error(`${algorithm.name}: every gradient is 0`);
      },
    },
    {
      name: 'loss and gradients are finite on extreme log-probabilities',
      run: () => {
        const levels = [0, -1e-7, -20, -100, -1e4];
        const logProbs = (draw: number) => levels[Math.floor(draw * levels.length)]!;
        for (let seed = 1; seed <= 5; seed++)
          requireFinite(algorithm, measure(sampleExamples(algorithm.batch, { seed, logProbs, count: 8 })));
      },
    },
    {
      name: 'the order of the examples does not matter',
      run: () => {
        const forward = measure(examples);
        const backward = measure(examples.toReversed());
        requireEqual(
          algorithm,
          'reversed',
          { ...backward, gradients: backward.gradients.toReversed() },
          forward,
        );
      },
    },
    {
      name: 'padding does not matter',
      run: () => {
        const padded = measure(examples.map((example) => example.map(padSequence)));
        const seq = examples[0]![0]!.mask.length;
        if (
          padded.gradients.some((example) => example.some((tokens) => tokens.slice(seq).some((g) => g !== 0)))
        )
          throw new Error(`${algorithm.name}: padding has a gradient; multiply by mask`);
        const gradients = padded.gradients.map((example) => example.map((tokens) => tokens.slice(0, seq)));
        requireEqual(algorithm, 'padded', { ...padded, gradients }, measure(examples));
      },
    },
    {
      name: 'micro-batches add up to the whole batch',
      run: () => {
        const parts = [examples.slice(0, 1), examples.slice(1, 3), examples.slice(3)];
        const micro = parts.map((part) => measure(part, examples));
        requireEqual(algorithm, 'micro-batched', micro.reduce(addOutcomes), measure(examples));
      },
    },
  ];
  return algorithm.batch === 'rollout' ? [...checks, ...advantageChecks(algorithm, parsed)] : checks;
}

/** Runs the loss and differentiates it by every policy log-probability. */
function outcome(
  algorithm: AnyAlgorithm,
  options: unknown,
  examples: SampleExample[],
  totals: { tokens: number; examples: number },
): Outcome {
  // The union of definitions cannot be called directly; `sampleBatch` makes the batch of the algorithm's own kind.
  const loss = algorithm.loss as (batch: BatchKinds[BatchKind], options: unknown) => LossResult;
  return tf.tidy(() => {
    const sides = examples[0]!.length;
    const policy = Array.from({ length: sides }, (_, side) =>
      tf.tensor2d(examples.map((e) => e[side]!.logProbs)),
    );
    let metrics: Record<string, number> = {};
    const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const result = loss(sampleBatch(algorithm.batch, examples, inputs as tf.Tensor2D[], totals), options);
      metrics = Object.fromEntries(
        Object.entries(result.metrics).map(([name, metric]) => [name, scalar(metric)]),
      );
      return result.loss;
    })(policy);
    const perSide = grads.map((grad) => grad.arraySync() as number[][]);
    return {
      loss: scalar(value),
      metrics,
      gradients: examples.map((_, row) => perSide.map((side) => side[row]!)),
    };
  });
}

function scalar(tensor: tf.Tensor): number {
  if (tensor.size !== 1)
    throw new Error(`a loss and its metrics must be scalars, found shape [${tensor.shape}]`);
  return tensor.dataSync()[0]!;
}

/** The sequence with three more columns of padding that hold arbitrary numbers. */
function padSequence(sequence: SampleExample[number]): SampleExample[number] {
  const junk = [-7, -123, -0.5];
  return {
    ...sequence,
    logProbs: [...sequence.logProbs, ...junk],
    refLogProbs: [...sequence.refLogProbs, ...junk.toReversed()],
    oldLogProbs: [...sequence.oldLogProbs, ...junk.toReversed()],
    mask: [...sequence.mask, 0, 0, 0],
  };
}

function addOutcomes(a: Outcome, b: Outcome): Outcome {
  const metrics = Object.fromEntries(
    Object.keys(a.metrics).map((name) => [name, a.metrics[name]! + b.metrics[name]!]),
  );
  return { loss: a.loss + b.loss, metrics, gradients: [...a.gradients, ...b.gradients] };
}

function requireFinite(algorithm: AnyAlgorithm, { loss, metrics, gradients }: Outcome): void {
  const bad = Object.entries({ loss, ...metrics }).find(([, value]) => !Number.isFinite(value));
  if (bad) throw new Error(`${algorithm.name}: ${bad[0]} is ${bad[1]} on extreme log-probabilities`);
  const gradient = gradients.flat(2).find((g) => !Number.isFinite(g));
  if (gradient !== undefined)
    throw new Error(`${algorithm.name}: a gradient is ${gradient} on extreme log-probabilities`);
}

function requireEqual(algorithm: AnyAlgorithm, what: string, actual: Outcome, expected: Outcome): void {
  requireClose(algorithm, `${what} loss`, actual.loss, expected.loss);
  for (const [name, value] of Object.entries(expected.metrics))
    requireClose(algorithm, `${what} metric ${name}`, actual.metrics[name]!, value);
  const wanted = expected.gradients.flat(2);
  for (const [i, g] of actual.gradients.flat(2).entries())
    requireClose(algorithm, `${what} gradient`, g, wanted[i]!);
}

/** Float32 sums in another order differ by rounding only. */
function requireClose(algorithm: AnyAlgorithm, what: string, actual: number, expected: number): void {
  const close = Math.abs(actual - expected) <= 1e-6 + 1e-5 * Math.abs(expected);
  if (!close) throw new Error(`${algorithm.name}: ${what} is ${actual}, expected ${expected}`);
}
