import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Optimizer, Slots } from './optimizer.ts';

/** Options of Adafactor, with PyTorch's defaults. */
export const adafactorOptions = z.strictObject({
  /** Exponent of the decay of the second moment: `β₂ = 1 − stepᵈ`. */
  beta2Decay: z.number().max(0).default(-0.8),
  /** Floor of the second moment, squared before use. Default: the resolution of float32. */
  eps1: z.number().gt(0).default(2 ** -23),
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
      const square = grad.square();
      const slotsAfter: Slots = {};
      let variance: tf.Tensor;
      if (param.rank < 2) {
        variance = slots.variance!.mul(keep!).add(square.mul(take!));
        slotsAfter.variance = variance;
      } else {
        const row = slots.row_var!.mul(keep!).add(square.mean(-1, true).mul(take!));
        const column = slots.col_var!.mul(keep!).add(square.mean(-2, true).mul(take!));
        slotsAfter.row_var = row;
        slotsAfter.col_var = column;
        variance = row.mul(column).div(row.mean(-2, true).maximum(eps1));
      }
      const update = grad.div(variance.maximum(eps1 * eps1).sqrt());
      const clipping = rootMeanSquare(update).div(clip).maximum(1);
      const size = rootMeanSquare(param).maximum(eps2).mul(relativeStep!).div(clipping);
      const decayed = weightDecay === 0 ? param : param.sub(param.mul(lr!.mul(weightDecay)));
      return { param: decayed.sub(update.mul(size)), slots: slotsAfter };
    },
  };
}

const rootMeanSquare = (x: tf.Tensor) => x.square().mean().sqrt();

/** The shape with one axis, counted from the end, reduced to 1. */
function without(shape: readonly number[], axis: number): number[] {
  return shape.map((size, i) => (i === shape.length + axis ? 1 : size));
}
