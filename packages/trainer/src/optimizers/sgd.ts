import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Optimizer, Slots, UpdateOutput } from './optimizer.ts';

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
    update({ param, grad, slots, scalars, weightDecay }): UpdateOutput {
      const gradient = weightDecay === 0 ? grad : tf.add(grad, tf.mul(param, weightDecay));
      if (momentum === 0) return { param: tf.sub(param, tf.mul(gradient, scalars.lr!)), slots: {} };
      const velocity = tf.add(tf.mul(slots.momentum_buffer!, momentum), gradient);
      const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
      return { param: tf.sub(param, tf.mul(direction, scalars.lr!)), slots: { momentum_buffer: velocity } };
    },
  };
}
