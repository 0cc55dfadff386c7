import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decayed, mix } from './arithmetic.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of Lion, with the paper's defaults. */
export const lionOptions = z.strictObject({
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.99),
  weightDecay: z.number().min(0).default(0),
});

/**
 * Lion: every weight moves by the learning rate, in the direction of the sign of an interpolated momentum.
 * Chen et al., "Symbolic Discovery of Optimization Algorithms", algorithm 2 (https://arxiv.org/abs/2302.06675).
 * Wants a learning rate 3 to 10 times smaller than AdamW's, and a weight decay as much larger.
 */
export function lion(options: z.input<typeof lionOptions> = {}): Optimizer {
  const { beta1, beta2, weightDecay } = lionOptions.parse(options);
  return {
    name: 'lion',
    weightDecay,
    scalars: (_step, lr) => ({ lr }),
    init: (_name, param) => ({ exp_avg: tf.zerosLike(param) }),
    update({ param, grad, slots, scalars, weightDecay }) {
      const momentum = slots.exp_avg!;
      const step = tf.mul(tf.sign(mix(momentum, grad, beta1)), scalars.lr!);
      return {
        param: tf.sub(decayed(param, scalars.lr!, weightDecay), step),
        slots: { exp_avg: mix(momentum, grad, beta2) },
      };
    },
  };
}
