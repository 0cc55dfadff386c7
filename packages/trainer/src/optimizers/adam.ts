import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import { adamW, adamWOptions } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of Adam, with PyTorch's defaults. */
export const adamOptions = adamWOptions.extend({
  weightDecay: adamWOptions.shape.weightDecay.unwrap().default(0),
});

/**
 * Adam. Kingma and Ba, "Adam: A Method for Stochastic Optimization", algorithm 1 (https://arxiv.org/abs/1412.6980).
 * Weight decay, when asked for, is L2 regularisation: it enters the gradient and so the moments.
 */
export function adam(options: z.input<typeof adamOptions> = {}): Optimizer {
  const parsed = adamOptions.parse(options);
  const inner = adamW(parsed);
  return {
    ...inner,
    name: 'adam',
    update(input) {
      const { param, grad, weightDecay } = input;
      const regularised = weightDecay === 0 ? grad : tf.add(grad, tf.mul(param, weightDecay));
      return inner.update({ ...input, grad: regularised, weightDecay: 0 });
    },
  };
}
