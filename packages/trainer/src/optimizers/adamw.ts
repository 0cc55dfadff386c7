import { adamUpdate } from '@attune/backend-onnx/ops';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Optimizer } from './optimizer.ts';

/** Options of AdamW, with PyTorch's defaults except for `weightDecay`. */
export const adamWOptions = z.strictObject({
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  eps: z.number().gt(0).default(1e-8),
  weightDecay: z.number().min(0).default(0.01),
});

/**
 * AdamW: Adam with the weight decay taken out of the gradient.
 * Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2 (https://arxiv.org/abs/1711.05101);
 * like PyTorch, the decay is scaled by the learning rate.
 */
export function adamW(options: z.input<typeof adamWOptions> = {}): Optimizer {
  const { beta1, beta2, eps, weightDecay } = adamWOptions.parse(options);
  return {
    name: 'adamw',
    weightDecay,
    scalars: (step, lr) => ({
      lr,
      stepSize: lr / (1 - beta1 ** step),
      // sqrt(v / c) = sqrt(v) · (1 / sqrt(c)): one multiplication for the second bias correction.
      rootScale: 1 / Math.sqrt(1 - beta2 ** step),
    }),
    init: (_name, param) => ({ exp_avg: tf.zerosLike(param), exp_avg_sq: tf.zerosLike(param) }),
    update({ param, grad, slots, scalars, weightDecay }) {
      const [updated, average, square] = adamUpdate(
        param,
        grad,
        slots.exp_avg!,
        slots.exp_avg_sq!,
        {
          decay: tf.mul(scalars.lr!, weightDecay),
          stepSize: scalars.stepSize!,
          rootScale: scalars.rootScale!,
          gradientScale: tf.scalar(1),
        },
        { beta1, beta2, eps },
      );
      return { param: updated, slots: { exp_avg: average, exp_avg_sq: square } };
    },
  };
}
