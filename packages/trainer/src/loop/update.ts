import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { decays } from '../optimizers/weight-decay.ts';
import type { Named } from './gradients.ts';

/** Everything that a step changes. All of it is saved with a checkpoint. */
export interface TrainState {
  /** The trained parameters, by Hugging Face name. */
  params: Named<tf.Variable>;
  /** Optimizer state by parameter, then by slot. */
  slots: Named<Named<tf.Variable>>;
  /** Moving average of the parameters; empty when none is kept. */
  average: Named<tf.Variable>;
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
export function createState({ optimizer, ema }: UpdateSettings, params: Named<tf.Variable>): TrainState {
  const slots = mapValues(params, (param, name) => {
    const initial = tf.tidy(() => optimizer.init(name, param));
    const own = mapValues(initial, (value) => tf.variable(value, false));
    tf.dispose(initial);
    return own;
  });
  const average = ema === undefined ? {} : mapValues(params, (param) => tf.variable(param, false));
  return { params, slots, average };
}

/**
 * Updates every parameter, its optimizer slots and its average, in place.
 * @param factor what clipping multiplies the gradients by
 * @param scalars what `optimizer.scalars` gave for this step, as tensors
 */
export function applyUpdate(
  { optimizer, ema }: UpdateSettings,
  state: TrainState,
  grads: Named,
  factor: tf.Scalar,
  scalars: Named<tf.Scalar>,
): void {
  for (const [name, param] of Object.entries(state.params)) {
    const slots = state.slots[name]!;
    const output = optimizer.update({
      name,
      param,
      grad: tf.mul(grads[name]!, factor),
      slots,
      scalars,
      weightDecay: decays(param) ? optimizer.weightDecay : 0,
    });
    param.assign(output.param);
    for (const [slot, value] of Object.entries(output.slots)) slots[slot]!.assign(value);
    const average = state.average[name];
    if (average && ema !== undefined) {
      average.assign(tf.add(tf.mul(average, ema), tf.mul(output.param, 1 - ema)));
    }
  }
}

/** An object with the same keys and other values. */
export function mapValues<A, B>(
  object: Record<string, A>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
