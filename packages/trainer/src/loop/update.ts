import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { decays } from '../optimizers/weight-decay.ts';
import { clipFactor, type Named, squaredNorms } from './gradients.ts';

/** Everything that a step changes. All of it is saved with a checkpoint. */
export interface TrainState<T extends tf.Tensor = tf.Tensor> {
  /** The trained parameters, by Hugging Face name. */
  params: Named<T>;
  /** Optimizer state by parameter, then by slot. */
  slots: Named<Named<T>>;
  /** Moving average of the parameters; empty when none is kept. */
  average: Named<T>;
}

/** Settings of the update that do not change during a run. */
export interface UpdateSettings {
  optimizer: Optimizer;
  /** Largest global norm of the gradients; 0: no clipping. */
  clipNorm: number;
  /** Decay of the moving average of the parameters; without it none is kept. */
  ema?: number;
}

/** State around existing parameters: fresh optimizer slots, and an average that begins at the parameters. */
export function createState(
  { optimizer, ema }: UpdateSettings,
  params: Named<tf.Variable>,
): TrainState<tf.Variable> {
  const slots = mapValues(params, (param, name) => {
    const initial = tf.tidy(() => optimizer.init(name, param));
    const own = mapValues(initial, (value) => tf.variable(value, false));
    tf.dispose(initial);
    return own;
  });
  const average = ema === undefined ? {} : mapValues(params, (param) => tf.variable(param, false));
  return { params, slots, average };
}

/** State after an update, not yet in force, and the sum of squares of each gradient, in the order of `params`. */
export interface Update {
  next: TrainState;
  /** `[parameters]`. */
  squares: tf.Tensor1D;
}

/**
 * Clips the gradients to a global norm and updates every parameter, its slots and its average. Pure: `commit`
 * puts the result in force, once the gradients are known to be finite.
 * @param scalars what `optimizer.scalars` gave for this step, as tensors
 */
export function computeUpdate(
  { optimizer, clipNorm, ema }: UpdateSettings,
  state: TrainState,
  grads: Named,
  scalars: Named<tf.Scalar>,
): Update {
  const squares = squaredNorms(grads, Object.keys(state.params));
  const factor = clipNorm === 0 ? undefined : clipFactor(tf.sqrt(tf.sum(squares)), clipNorm);
  const next: TrainState = { params: {}, slots: {}, average: {} };
  for (const [name, param] of Object.entries(state.params)) {
    const output = optimizer.update({
      name,
      param,
      grad: factor ? tf.mul(grads[name]!, factor) : grads[name]!,
      slots: state.slots[name]!,
      scalars,
      weightDecay: decays(param) ? optimizer.weightDecay : 0,
    });
    next.params[name] = output.param;
    next.slots[name] = output.slots;
    const average = state.average[name];
    if (average && ema !== undefined) {
      next.average[name] = tf.add(tf.mul(average, ema), tf.mul(output.param, 1 - ema));
    }
  }
  return { next, squares };
}

/** Moves an update into the variables and frees its tensors. */
export function commit(state: TrainState<tf.Variable>, next: TrainState): void {
  for (const [name, param] of Object.entries(state.params)) {
    param.assign(next.params[name]!);
    for (const [slot, variable] of Object.entries(state.slots[name]!)) variable.assign(next.slots[name]![slot]!);
    if (next.average[name]) state.average[name]!.assign(next.average[name]);
  }
  tf.dispose(next as unknown as tf.TensorContainer);
}

/** An object with the same keys and other values. */
export function mapValues<A, B>(object: Record<string, A>, change: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
