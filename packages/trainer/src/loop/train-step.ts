import type { AnyAlgorithm } from '@attune/algorithms';
import { jit } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { clipFactor, lossAndGradients, type Named, squaredNorms } from './gradients.ts';
import { type BatchTensors, batchLoss, type MicroBatch, toTensors } from './micro-batch.ts';
import { applyUpdate, mapValues, type TrainState, type UpdateSettings } from './update.ts';

/** What a step needs from its run. */
export interface StepSettings extends UpdateSettings {
  model: CausalLM;
  state: TrainState;
  algorithm: AnyAlgorithm;
  /** The algorithm's options, parsed. */
  options: unknown;
}

/** What changes from step to step. */
export interface StepInput {
  /** Number of this update, from 1. */
  step: number;
  /** Learning rate. */
  lr: number;
  /** Seed of the step's dropout, below 2^18. */
  dropoutSeed: number;
}

/** What a step reports. */
export interface StepResult {
  loss: number;
  /** The algorithm's metrics, added over the micro-batches. */
  metrics: Record<string, number>;
  /** Norm of all gradients together, before clipping. */
  gradNorm: number;
  /** Tokens that carried loss. */
  tokens: number;
  /** Tokens that the model read, padding left out. */
  inputTokens: number;
  /** Set when loss or gradients are not finite: then nothing was updated. */
  culprit?: string;
}

/** Sums over the whole step, by which losses divide. */
interface StepTotals {
  tokens: number;
  examples: number;
}

/**
 * The training step: forward, loss and backward of each micro-batch as one compiled graph, and the update of all
 * parameters as another. Losses divide by totals of the whole step, so the gradients of micro-batches add up to
 * exactly those of one large batch. Between the graphs the host sees whether every gradient is finite: a bad step
 * touches neither parameters nor optimizer state. A new sequence length compiles the first graph alone.
 */
export class TrainStep {
  private readonly settings: StepSettings;
  /** Names of the algorithm's metrics, known once the first batch was traced. */
  private metricNames: string[] = [];
  private readonly backward;
  private readonly add = jit((a: Named, b: Named) => mapValues(a, (value, name) => tf.add(value, b[name]!)), {
    name: 'add gradients',
  });
  private readonly squares = jit((grads: Named) => squaredNorms(grads), { name: 'gradient norms' });
  private readonly update;

  constructor(settings: StepSettings) {
    this.settings = settings;
    this.backward = jit(
      (batch: BatchTensors, tokens: tf.Scalar, examples: tf.Scalar, seed: tf.Scalar) =>
        this.trace(batch, tokens, examples, seed),
      { name: 'backward' },
    );
    this.update = jit(
      (grads: Named, factor: tf.Scalar, scalars: Named<tf.Scalar>) =>
        applyUpdate(settings, settings.state, grads, factor, scalars),
      { name: 'update' },
    );
  }

  /** Takes one optimizer step over its micro-batches. */
  async run(batches: readonly MicroBatch[], { step, lr, dropoutSeed }: StepInput): Promise<StepResult> {
    const totals: StepTotals = { tokens: 0, examples: 0 };
    for (const { tokens, examples } of batches) {
      totals.tokens += tokens;
      totals.examples += examples;
    }
    const { grads, values } = await this.accumulate(batches, totals, dropoutSeed);
    const squares = await readAndDispose(this.squares(grads));
    const gradNorm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const culprit = this.findCulprit(values, squares, batches);
    if (culprit === undefined) {
      const { optimizer, clipNorm } = this.settings;
      this.update(grads, clipFactor(gradNorm, clipNorm), optimizer.scalars(step, lr));
    }
    tf.dispose(grads);
    const total = (i: number) => values.reduce((sum, one) => sum + one[i]!, 0);
    const metrics = Object.fromEntries(this.metricNames.map((name, i) => [name, total(i + 1)]));
    const inputTokens = batches.reduce((sum, batch) => sum + batch.inputTokens, 0);
    return { loss: total(0), metrics, gradNorm, tokens: totals.tokens, inputTokens, culprit };
  }

  /** Frees the compiled graphs. */
  dispose(): void {
    for (const graph of [this.backward, this.add, this.squares, this.update]) graph.dispose();
  }

  /** Gradients summed over micro-batches, and each one's loss and metrics. */
  private async accumulate(
    batches: readonly MicroBatch[],
    { tokens, examples }: StepTotals,
    dropoutSeed: number,
  ) {
    const values: Float32Array[] = [];
    let sum: Named | undefined;
    for (const [i, batch] of batches.entries()) {
      const tensors = toTensors(batch);
      // Micro-batches draw different masks; the seed stays below 2^18.
      const seed = tf.scalar((dropoutSeed + i * 7919) % 2 ** 18, 'int32');
      const found = await this.backward.runAsync(tensors, tokens, examples, seed);
      values.push(await readAndDispose(found.values));
      const previous: Named | undefined = sum;
      sum = previous ? this.add(previous, found.grads) : found.grads;
      tf.dispose(previous ? [previous, found.grads] : []);
      tf.dispose([...Object.values(tensors), seed]);
    }
    return { grads: sum!, values };
  }

  /** Forward, loss and backward of one micro-batch, in tensors: loss and metrics as one vector, and gradients. */
  private trace(batch: BatchTensors, tokens: tf.Scalar, examples: tf.Scalar, dropoutSeed: tf.Scalar) {
    const { model, state, algorithm, options } = this.settings;
    const { result, grads } = lossAndGradients(() => {
      const logProbs = model.logProbs({ ...modelInputs(batch), dropoutSeed }, batch.labels);
      return batchLoss(algorithm, options, logProbs, batch, { tokens, examples });
    }, state.params);
    this.metricNames = Object.keys(result.metrics);
    const values = tf.stack([result.loss, ...Object.values(result.metrics)]);
    tf.dispose(result.metrics);
    return { values, grads };
  }

  /** The first number that is not finite, and where it came from. */
  private findCulprit(values: Float32Array[], squares: Float32Array, batches: readonly MicroBatch[]) {
    const bad = values.findIndex(([loss]) => !Number.isFinite(loss));
    if (bad >= 0) {
      const { names } = batches[bad]!;
      const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
      return `the loss is ${values[bad]![0]} on ${names.slice(0, 8).join(', ')}${more}`;
    }
    const params = Object.keys(this.settings.state.params).filter((_, i) => !Number.isFinite(squares[i]!));
    if (params.length === 0) return undefined;
    const others = params.length > 1 ? ` (and of ${params.length - 1} more parameters)` : '';
    return `the gradient of ${params[0]}${others} is not finite`;
  }
}

/** What of a batch the model is given. */
export function modelInputs({ inputIds, segmentIds, positions }: BatchTensors) {
  return { inputIds, segmentIds: segmentIds as tf.Tensor2D, positions: positions as tf.Tensor2D };
}

async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}
