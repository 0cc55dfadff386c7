import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decayed } from './arithmetic.ts';
import type { Optimizer, Slots } from './optimizer.ts';

/** Options of Adafactor, with PyTorch's defaults. */
export const adafactorOptions = z.strictObject({
  /** Exponent of the decay of the second moment: `β₂ = 1 − stepᵈ`. */
  beta2Decay: z.number().max(0).default(-0.8),
  /** Floor of the second moment, squared before use. Default: the resolution of float32. */
  eps1: z
    .number()
    .gt(0)
    .default(2 ** -23),
  /** Floor of a parameter's root mean square, which scales its step. */
  eps2: z.number().min(0).default(1e-3),
  /** Largest root mean square of an update. */
  clip: z.number().min(1).default(1),
  weightDecay: z.number().min(0).default(0),
});

/**
 * Adafactor: the second moment of a matrix is kept as one row and one column, so its state is sublinear in
 * the parameters. Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
 * algorithms 4 and 5 (https://arxiv.org/abs/1804.04235), in the form of `torch.optim.Adafactor`: relative step
 * size `min(lr, 1/√step)`, no first moment.
 */
export function adafactor(options: z.input<typeof adafactorOptions> = {}): Optimizer {
  const { beta2Decay, eps1, eps2, clip, weightDecay } = adafactorOptions.parse(options);
  return {
    name: 'adafactor',
    weightDecay,
    scalars: (step, lr) => ({
      lr,
      relativeStep: Math.min(lr, 1 / Math.sqrt(step)),
      keep: 1 - step ** beta2Decay,
      take: step ** beta2Decay,
    }),
    init(_name, param): Slots {
      if (param.rank < 2) return { variance: tf.zerosLike(param) };
      return { row_var: tf.zeros(without(param.shape, -1)), col_var: tf.zeros(without(param.shape, -2)) };
    },
    update({ param, grad, slots, scalars, weightDecay }) {
      const { keep, take, lr, relativeStep } = scalars;
      const square = tf.square(grad);
      const blend = (old: tf.Tensor, found: tf.Tensor) => tf.add(tf.mul(old, keep!), tf.mul(found, take!));
      const slotsAfter: Slots = {};
      let variance: tf.Tensor;
      if (param.rank < 2) {
        variance = blend(slots.variance!, square);
        slotsAfter.variance = variance;
      } else {
        const row = blend(slots.row_var!, tf.mean(square, -1, true));
        const column = blend(slots.col_var!, tf.mean(square, -2, true));
        slotsAfter.row_var = row;
        slotsAfter.col_var = column;
        variance = tf.div(tf.mul(row, column), tf.maximum(tf.mean(row, -2, true), eps1));
      }
      const update = tf.div(grad, tf.sqrt(tf.maximum(variance, eps1 * eps1)));
      const clipping = tf.maximum(tf.div(rootMeanSquare(update), clip), 1);
      const size = tf.div(tf.mul(tf.maximum(rootMeanSquare(param), eps2), relativeStep!), clipping);
      return { param: tf.sub(decayed(param, lr!, weightDecay), tf.mul(update, size)), slots: slotsAfter };
    },
  };
}

const rootMeanSquare = (x: tf.Tensor) => tf.sqrt(tf.mean(tf.square(x)));

/** The shape with one axis, counted from the end, reduced to 1. */
function without(shape: readonly number[], axis: number): number[] {
  return shape.map((size, i) => (i === shape.length + axis ? 1 : size));
}
