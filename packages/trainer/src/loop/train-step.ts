import type { AnyAlgorithm } from '@attune/algorithms';
import { jit } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { batchLoss, type LossSettings } from './batch-loss.ts';
import { createCoupling } from './coupling.ts';
import { clipFactor, lossAndGradients, type Named, squaredNorms } from './gradients.ts';
import {
  type BatchTensors,
  disposeTensors,
  type MicroBatch,
  type Reading,
  toTensors,
} from './micro-batch.ts';
import { type LossModels, wantsLabelsOnly } from './outputs.ts';
import { stepTotals, type TotalNumbers } from './totals.ts';
import { applyUpdate, mapValues, type TrainState, type UpdateSettings } from './update.ts';

/** What a step needs from its run. */
export interface StepSettings extends UpdateSettings {
  model: CausalLM;
  state: TrainState;
  algorithm: AnyAlgorithm;
  /** The algorithm's options, parsed. */
  options: unknown;
  /** Other models that the loss looks at. */
  models?: Omit<LossModels, 'policy'>;
  /** What a step changes of the critic, for algorithms that have one. */
  criticState?: TrainState;
  /** What the algorithm's coupling kept at the last step. */
  couplingState?: unknown;
}

/** What changes from step to step. */
export interface StepInput {
  /** Number of this update, from 1. */
  step: number;
  /** Learning rate. */
  lr: number;
  /** Learning rate of the critic. Default: `lr`. */
  criticLr?: number;
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
  /** The same of the critic's. */
  criticGradNorm?: number;
  /** Tokens that carried loss. */
  tokens: number;
  /** Tokens that the model read, padding left out. */
  inputTokens: number;
  /** Set when loss or gradients are not finite: then nothing was updated. */
  culprit?: string;
}

/** Parameters that are clipped and updated together. */
interface Group {
  /** Stands before the names of its parameters among all gradients. */
  prefix: string;
  state: TrainState;
  update: ReturnType<typeof compileUpdate>;
}

/**
 * The training step: forward, loss and backward of each micro-batch as one compiled graph, and the update of all
 * parameters as another. Losses divide by totals of the whole step, so the gradients of micro-batches add up to
 * exactly those of one large batch. Between the graphs the host sees whether every gradient is finite: a bad step
 * touches neither parameters nor optimizer state. A new sequence length compiles the first graph alone.
 */
export class TrainStep {
  /** What the algorithm's coupling keeps from step to step: plain JSON, for a checkpoint. */
  couplingState: unknown;
  private readonly settings: StepSettings;
  private readonly loss: LossSettings;
  private readonly reading: Reading;
  private readonly groups: Group[];
  /** All that is trained, by prefix and name. */
  private readonly variables: Named<tf.Variable>;
  /** Names of the algorithm's metrics, known once the first batch was traced. */
  private metricNames: string[] = [];
  private readonly couple;
  private readonly backward;
  private readonly add = jit((a: Named, b: Named) => mapValues(a, (value, name) => tf.add(value, b[name]!)), {
    name: 'add gradients',
  });
  private readonly squares = jit((grads: Named) => squaredNorms(grads), { name: 'gradient norms' });

  constructor(settings: StepSettings) {
    const { model, models, state, criticState, algorithm, options } = settings;
    this.settings = settings;
    this.couplingState = settings.couplingState;
    this.loss = { algorithm, options, models: { ...models, policy: model } };
    this.reading = {
      config: model.config,
      labelsOnly: wantsLabelsOnly(algorithm.needs?.(options) ?? {}),
    };
    this.groups = [{ prefix: '', state, update: compileUpdate(settings, state) }];
    if (criticState) {
      this.groups.push({
        prefix: 'critic/',
        state: criticState,
        update: compileUpdate(settings, criticState),
      });
    }
    this.variables = Object.assign(
      {},
      ...this.groups.map(({ prefix, state }) => named(prefix, state.params)),
    );
    this.couple = createCoupling(this.loss);
    this.backward = jit(
      (batch: BatchTensors, totals: TotalNumbers<tf.Scalar>, seed: tf.Scalar) =>
        this.trace(batch, totals, seed),
      { name: 'backward' },
    );
  }

  /** Takes one optimizer step over its micro-batches. */
  async run(given: readonly MicroBatch[], input: StepInput): Promise<StepResult> {
    const totals = stepTotals(given);
    const { batches, state } = await this.couple(given, totals.own, this.couplingState);
    const { grads, values } = await this.accumulate(batches, totals, input.dropoutSeed);
    const squares = await readAndDispose(this.squares(grads));
    const culprit = this.findCulprit(values, squares, batches);
    const norms = this.groups.map((group) => Math.sqrt(this.sumOf(group, squares)));
    if (culprit === undefined) {
      this.couplingState = state;
      for (const [i, group] of this.groups.entries()) this.updateGroup(group, grads, norms[i]!, input);
    }
    tf.dispose(grads);
    const total = (i: number) => values.reduce((sum, one) => sum + one[i]!, 0);
    const metrics = Object.fromEntries(this.metricNames.map((name, i) => [name, total(i + 1)]));
    const inputTokens = batches.reduce((sum, batch) => sum + batch.inputTokens, 0);
    const result: StepResult = {
      loss: total(0),
      metrics,
      gradNorm: norms[0]!,
      tokens: totals.own.tokens,
      inputTokens,
      culprit,
    };
    if (norms.length > 1) result.criticGradNorm = norms[1]!;
    return result;
  }

  /** Frees the compiled graphs. */
  dispose(): void {
    for (const graph of [
      this.backward,
      this.add,
      this.squares,
      this.couple,
      ...this.groups.map((g) => g.update),
    ])
      graph.dispose();
  }

  private updateGroup({ prefix, update }: Group, grads: Named, norm: number, input: StepInput): void {
    const { optimizer, clipNorm } = this.settings;
    const { step, lr, criticLr = lr } = input;
    const own =
      prefix === '' ? (this.groups.length === 1 ? grads : without('critic/', grads)) : strip(prefix, grads);
    update(own, clipFactor(norm, clipNorm), optimizer.scalars(step, prefix === '' ? lr : criticLr));
  }

  /** The sum of a group's squared norms. */
  private sumOf({ prefix, state }: Group, squares: Float32Array): number {
    const names = Object.keys(this.variables);
    const own = new Set(Object.keys(state.params).map((name) => prefix + name));
    return squares.reduce((sum, square, i) => (own.has(names[i]!) ? sum + square : sum), 0);
  }

  /** Gradients summed over micro-batches, and each one's loss and metrics. */
  private async accumulate(batches: readonly MicroBatch[], totals: TotalNumbers, dropoutSeed: number) {
    const values: Float32Array[] = [];
    let sum: Named | undefined;
    for (const [i, batch] of batches.entries()) {
      const tensors = toTensors(batch, this.reading);
      // Micro-batches draw different masks; the seed stays below 2^18.
      const seed = tf.scalar((dropoutSeed + i * 7919) % 2 ** 18, 'int32');
      const found = await this.backward.runAsync(tensors as never, totals as never, seed);
      values.push(await readAndDispose(found.values));
      const previous: Named | undefined = sum;
      sum = previous ? this.add(previous, found.grads) : found.grads;
      tf.dispose(previous ? [previous, found.grads] : []);
      disposeTensors(tensors);
      seed.dispose();
    }
    return { grads: sum!, values };
  }

  /** Forward, loss and backward of one micro-batch, in tensors: loss and metrics as one vector, and gradients. */
  private trace(batch: BatchTensors, totals: TotalNumbers<tf.Scalar>, dropoutSeed: tf.Scalar) {
    const { result, grads } = lossAndGradients(
      () => batchLoss(this.loss, batch, totals, dropoutSeed),
      this.variables,
    );
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
    const params = Object.keys(this.variables).filter((_, i) => !Number.isFinite(squares[i]!));
    if (params.length === 0) return undefined;
    const others = params.length > 1 ? ` (and of ${params.length - 1} more parameters)` : '';
    return `the gradient of ${params[0]}${others} is not finite`;
  }
}

function compileUpdate(settings: UpdateSettings, state: TrainState) {
  return jit(
    (grads: Named, factor: tf.Scalar, scalars: Named<tf.Scalar>) =>
      applyUpdate(settings, state, grads, factor, scalars),
    { name: 'update' },
  );
}

function named<T>(prefix: string, values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function without(prefix: string, values: Named): Named {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith(prefix)));
}

function strip(prefix: string, values: Named): Named {
  const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}
