import { defineAlgorithm, pairMean, type SequenceLogProbs, sequenceMeans } from '@attune/algorithms';
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
  // What the trainer prepares: supervised, pairwise, unpaired, listwise, stepwise, rollout or distillation.
  batch: 'pairwise',
  // What a recipe may set, with ranges and defaults.
  options: z.strictObject({
    beta: z.number().positive().default(2),
    gamma: z.number().min(0).default(1),
  }),
  // A pure function of tensors. A mean divides by the step's `totals`, so that micro-batches add up to the whole batch.
  loss: (batch, { beta, gamma }) => {
    const { chosen, rejected } = batch;
    const reward = ({ logProbs, mask }: SequenceLogProbs) => sequenceMeans(logProbs, mask);
    const margin: tf.Tensor1D = tf.mul(tf.sub(reward(chosen), reward(rejected)), beta);
    return {
      // −log σ(z) = softplus(−z), which never overflows.
      loss: pairMean(tf.softplus(tf.sub(gamma, margin)), batch),
      metrics: {
        'rewards/margin': pairMean(margin, batch),
        'rewards/accuracy': pairMean(tf.cast(tf.greater(margin, 0), 'float32'), batch),
      },
    };
  },
});
