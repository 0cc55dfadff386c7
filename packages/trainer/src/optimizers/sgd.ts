import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Optimizer, Slots } from './optimizer.ts';

/** Options of SGD, with PyTorch's defaults. */
export const sgdOptions = z.strictObject({
  momentum: z.number().min(0).lt(1).default(0),
  nesterov: z.boolean().default(false),
  weightDecay: z.number().min(0).default(0),
});

/**
 * Stochastic gradient descent with optional momentum, Nesterov's in the form of Sutskever et al.,
 * "On the importance of initialization and momentum in deep learning", eq. 3-4
 * (https://proceedings.mlr.press/v28/sutskever13.html). As in PyTorch the learning rate multiplies the
 * velocity rather than entering it, and weight decay is L2 regularisation.
 */
export function sgd(options: z.input<typeof sgdOptions> = {}): Optimizer {
  const { momentum, nesterov, weightDecay } = sgdOptions.parse(options);
  return {
    name: 'sgd',
    weightDecay,
    scalars: (_step, lr) => ({ lr }),
    init: (_name, param): Slots => (momentum === 0 ? {} : { momentum_buffer: tf.zerosLike(param) }),
    update({ param, grad, slots, scalars, weightDecay }) {
      const gradient = weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
      if (momentum === 0) return { param: param.sub(gradient.mul(scalars.lr!)), slots: {} };
      const velocity = slots.momentum_buffer!.mul(momentum).add(gradient);
      const direction = nesterov ? gradient.add(velocity.mul(momentum)) : velocity;
      return { param: param.sub(direction.mul(scalars.lr!)), slots: { momentum_buffer: velocity } };
    },
  };
}
