import { defineAlgorithm, exampleMean, type SequenceLogProbs, sequenceMeans } from '@attune/algorithms';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/**
 * Replace this example by your loss. It is SimPO: no reference model, and log-probabilities averaged over each
 * answer's tokens, `−log σ(β (mean(chosen) − mean(rejected)) − γ)`.
 */
export default defineAlgorithm({
  name: 'my-loss',
  paper: {
    title: 'SimPO: Simple Preference Optimization with a Reference-Free Reward',
    url: 'https://arxiv.org/abs/2405.14734',
    equations: 'eq. 6',
  },
  // What the trainer prepares: supervised, pairwise, unpaired or rollout.
  batch: 'pairwise',
  // What a recipe may set, with ranges and defaults.
  options: z.strictObject({
    beta: z.number().positive().default(2),
    gamma: z.number().min(0).default(1),
  }),
  // A pure function of tensors. Divide by `totals`, so that micro-batches add up to the whole batch.
  loss: ({ chosen, rejected, totals }, { beta, gamma }) => {
    const reward = ({ logProbs, mask }: SequenceLogProbs) => sequenceMeans(logProbs, mask);
    const margin: tf.Tensor1D = tf.mul(tf.sub(reward(chosen), reward(rejected)), beta);
    return {
      // −log σ(z) = softplus(−z), which never overflows.
      loss: exampleMean(tf.softplus(tf.sub(gamma, margin)), totals),
      metrics: {
        'rewards/margin': exampleMean(margin, totals),
        'rewards/accuracy': exampleMean(tf.cast(tf.greater(margin, 0), 'float32'), totals),
      },
    };
  },
});
