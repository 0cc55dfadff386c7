import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { adamW, adamWOptions } from './adamw.ts';
import { decayed, mix } from './arithmetic.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of Muon. `beta1`, `beta2` and `eps` are AdamW's, for the parameters that Muon leaves to it. */
export const muonOptions = adamWOptions.extend({
  momentum: z.number().min(0).lt(1).default(0.95),
  nesterov: z.boolean().default(true),
  /** Newton-Schulz iterations. */
  iterations: z.int().min(1).max(20).default(5),
});

/**
 * Muon: the momentum of a weight matrix is replaced by its nearest (semi-)orthogonal matrix.
 * Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (https://kellerjordan.github.io/posts/muon/);
 * steps are scaled by `0.2·√max(out, in)` so that learning rate and weight decay of AdamW carry over: Liu et al.,
 * "Muon is Scalable for LLM Training", eq. 4 (https://arxiv.org/abs/2502.16982).
 * Embeddings, the output head, norms and biases are updated by AdamW.
 */
export function muon(options: z.input<typeof muonOptions> = {}): Optimizer {
  const { momentum, nesterov, iterations, ...rest } = muonOptions.parse(options);
  const fallback = adamW(rest);
  return {
    name: 'muon',
    weightDecay: rest.weightDecay,
    scalars: fallback.scalars,
    init: (name, param) =>
      isHiddenMatrix(name, param) ? { momentum_buffer: tf.zerosLike(param) } : fallback.init(name, param),
    update(input) {
      const { name, param, grad, slots, scalars, weightDecay } = input;
      if (!isHiddenMatrix(name, param)) return fallback.update(input);
      const velocity = mix(slots.momentum_buffer!, grad, momentum);
      const direction = (nesterov ? mix(velocity, grad, momentum) : velocity) as tf.Tensor2D;
      const scale = tf.mul(scalars.lr!, 0.2 * Math.sqrt(Math.max(...param.shape)));
      const step = tf.mul(orthogonalize(direction, iterations), scale);
      return {
        param: tf.sub(decayed(param, scalars.lr!, weightDecay), step),
        slots: { momentum_buffer: velocity },
      };
    },
  };
}

/** Whether a parameter is a matrix between hidden layers: neither an embedding nor the output head. */
function isHiddenMatrix(name: string, param: tf.Tensor): boolean {
  return param.rank === 2 && !/embed|lm_head|wte|wpe|matcher/.test(name);
}

/**
 * Approximates `U Vᵀ` of `matrix = U S Vᵀ` by the quintic Newton-Schulz iteration of the Muon post; the
 * singular values end between about 0.7 and 1.2, which is near enough.
 */
export function orthogonalize(matrix: tf.Tensor2D, iterations = 5): tf.Tensor2D {
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  // The Gram matrix is built over the shorter side.
  const tall = matrix.shape[0] > matrix.shape[1];
  let x: tf.Tensor2D = tall ? tf.transpose(matrix) : matrix;
  x = tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x))), 1e-7));
  for (let i = 0; i < iterations; i++) {
    const gram = tf.matMul(x, x, false, true);
    const polynomial: tf.Tensor2D = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
    x = tf.add(tf.mul(x, a), tf.matMul(polynomial, x));
  }
  return tall ? tf.transpose(x) : x;
}
