import type { AnyAlgorithm } from '@attune/algorithms';
import { jit } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { lossAndGradients, type Named } from './gradients.ts';
import { type BatchTensors, batchLoss, type MicroBatch, toTensors } from './micro-batch.ts';
import { commit, computeUpdate, mapValues, type TrainState, type UpdateSettings } from './update.ts';

/** What a step needs from its run. */
export interface StepSettings extends UpdateSettings {
  model: CausalLM;
  state: TrainState<tf.Variable>;
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
  /** Seed of the step's random masks, below 2^18. */
  dropoutSeed: number;
}

/** What a step reports. */
export interface StepResult {
  loss: number;
  /** The algorithm's metrics, added over the micro-batches. */
  metrics: Record<string, number>;
  /** Norm of all gradients together, before clipping. */
  gradNorm: number;
  tokens: number;
  /** Set when loss or gradients are not finite; then parameters and optimizer state are those of before the step. */
  culprit?: string;
}

interface Totals {
  tokens: tf.Scalar;
  examples: tf.Scalar;
}

/** Loss and metrics as one vector, and the gradients. */
interface Backward {
  values: tf.Tensor1D;
  grads: Named;
}

/**
 * The training step. One micro-batch is a single compiled graph of forward, loss, backward, clipping and update;
 * several are a graph each, whose gradients add up, and one more for the update. Losses divide by totals of the
 * whole step, so both give the same gradients.
 */
export class TrainStep {
  private readonly settings: StepSettings;
  /** Names of the algorithm's metrics, known after the first trace. */
  private metricNames: string[] = [];
  private readonly whole;
  private readonly backward;
  private readonly update;
  private readonly add;

  constructor(settings: StepSettings) {
    this.settings = settings;
    const { state } = settings;
    this.backward = jit((batch: BatchTensors, totals: Totals, seed: tf.Scalar) => this.trace(batch, totals, seed), {
      name: 'backward',
    });
    this.add = jit((a: Named, b: Named) => mapValues(a, (value, name) => tf.add(value, b[name]!)), { name: 'add' });
    this.update = jit((grads: Named, scalars: Named<tf.Scalar>) => computeUpdate(settings, state, grads, scalars), {
      name: 'update',
    });
    this.whole = jit(
      (batch: BatchTensors, totals: Totals, seed: tf.Scalar, scalars: Named<tf.Scalar>) => {
        const { values, grads } = this.trace(batch, totals, seed);
        return { values, ...computeUpdate(settings, state, grads, scalars) };
      },
      { name: 'step' },
    );
  }

  /** Takes one optimizer step over its micro-batches. */
  async run(batches: readonly MicroBatch[], input: StepInput): Promise<StepResult> {
    const sum = (key: 'tokens' | 'examples') => batches.reduce((total, batch) => total + batch[key], 0);
    const totals: Totals = { tokens: tf.scalar(sum('tokens')), examples: tf.scalar(sum('examples')) };
    const scalars = mapValues(this.settings.optimizer.scalars(input.step, input.lr), (value) => tf.scalar(value));
    try {
      const { values, next, squares } =
        batches.length === 1
          ? await this.runWhole(batches[0]!, totals, input, scalars)
          : await this.runAccumulated(batches, totals, input, scalars);
      const result = this.summarize(values, squares, batches);
      if (result.culprit === undefined) commit(this.settings.state, next);
      else tf.dispose(next as unknown as tf.TensorContainer);
      return { ...result, tokens: sum('tokens') };
    } finally {
      tf.dispose([totals, scalars] as unknown as tf.TensorContainer);
    }
  }

  private async runWhole(batch: MicroBatch, totals: Totals, input: StepInput, scalars: Named<tf.Scalar>) {
    const tensors = toTensors(batch);
    const seed = tf.scalar(input.dropoutSeed, 'int32');
    const { values, next, squares } = await this.whole.runAsync(tensors, totals, seed, scalars);
    const read = await readAndDispose(values, squares);
    tf.dispose([tensors, seed] as unknown as tf.TensorContainer);
    return { values: [read[0]], squares: read[1], next };
  }

  private async runAccumulated(
    batches: readonly MicroBatch[],
    totals: Totals,
    input: StepInput,
    scalars: Named<tf.Scalar>,
  ) {
    const values: Float32Array[] = [];
    let grads: Named | undefined;
    for (const [i, batch] of batches.entries()) {
      const tensors = toTensors(batch);
      // Micro-batches draw different masks; the seed stays below 2^18.
      const seed = tf.scalar((input.dropoutSeed + i * 7919) % 2 ** 18, 'int32');
      const found = await this.backward.runAsync(tensors, totals, seed);
      values.push((await found.values.data()) as Float32Array);
      tf.dispose([tensors, seed, found.values] as unknown as tf.TensorContainer);
      if (grads) {
        const added: Named = await this.add.runAsync(grads, found.grads);
        tf.dispose([grads, found.grads]);
        grads = added;
      } else grads = found.grads;
    }
    const { next, squares } = await this.update.runAsync(grads!, scalars);
    tf.dispose(grads!);
    return { values, squares: (await readAndDispose(squares))[0], next };
  }

  /** Forward, loss and backward of one micro-batch, in tensors. */
  private trace(batch: BatchTensors, totals: Totals, dropoutSeed: tf.Scalar): Backward {
    const { model, state, algorithm, options } = this.settings;
    const { result, grads } = lossAndGradients(() => {
      const { inputIds, segmentIds } = batch;
      const inputs = { inputIds, segmentIds: segmentIds as tf.Tensor2D | undefined, dropoutSeed };
      return batchLoss(algorithm, options, model.logProbs(inputs, batch.labels), batch, totals);
    }, state.params as Named<tf.Variable>);
    this.metricNames = Object.keys(result.metrics);
    const values = tf.stack([result.loss, ...Object.values(result.metrics)]) as tf.Tensor1D;
    return { values, grads };
  }

  private summarize(values: readonly Float32Array[], squares: Float32Array, batches: readonly MicroBatch[]) {
    const total = (i: number) => values.reduce((sum, one) => sum + one[i]!, 0);
    const metrics = Object.fromEntries(this.metricNames.map((name, i) => [name, total(i + 1)]));
    const gradNorm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const losses = values.map((one) => one[0]!);
    return { loss: total(0), metrics, gradNorm, culprit: this.findCulprit(losses, squares, batches) };
  }

  /** The first number that is not finite, and where it came from. */
  private findCulprit(losses: number[], squares: Float32Array, batches: readonly MicroBatch[]): string | undefined {
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      const { names } = batches[bad]!;
      const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
      return `the loss is ${losses[bad]} on ${shown}`;
    }
    const names = Object.keys(this.settings.state.params).filter((_, i) => !Number.isFinite(squares[i]!));
    if (names.length === 0) return undefined;
    const others = names.length > 1 ? ` and of ${names.length - 1} more parameters` : '';
    return `the gradient of ${names[0]}${others} is not finite`;
  }
}

async function readAndDispose(...tensors: tf.Tensor[]): Promise<[Float32Array, Float32Array]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return values as [Float32Array, Float32Array];
}
