import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ContrastiveBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { stopGradient } from '../stop-gradient.ts';
import {
  cosineSimilarity,
  learned,
  querySimilarity,
  requireTwo,
  retrievalAccuracy,
  softCrossEntropy,
} from './similarity.ts';

/** Options of ITC. */
export const itcOptions = z.strictObject({
  /** Weight of the momentum encoders' opinion in the targets. Only with `momentum` embeddings. */
  alpha: z.number().min(0).max(1).default(0.4),
  /** Share of the targets that is spread evenly over all candidates (BLIP-2: 0.1). */
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /**
   * Share of the momentum encoder that stays at each step, 0.995 in the paper; undefined: no momentum encoder. The trainer
   * then keeps one, without a queue.
   */
  momentum: z.number().min(0).lt(1).optional(),
  /** The learned temperature is kept at or above this. */
  minTemperature: z.number().positive().default(0.001),
});

/** Parsed options of ITC. */
export type ItcOptions = z.output<typeof itcOptions>;

/**
 * Image-text contrastive learning (ALBEF, eq. 1, 2 and 6; BLIP; BLIP-2). Like CLIP's loss, but with momentum encoders
 * (`batch.momentum`, a moving average of the encoders, constants): each left is compared with the momentum rights of the
 * step and those of a queue of earlier steps, and its target is `α softmax(momentum similarities) + (1 − α) own`, so that
 * a text that describes another image well is no mistake. Without `momentum` the views of the step itself take its place.
 * The temperature is `scalars.temperature`. Of `leftQueries` (BLIP-2) the one most similar to a right counts.
 *
 * Metrics: `accuracy/left` and `accuracy/right`; `temperature`.
 */
export function itcLoss(batch: ContrastiveBatch, options: ItcOptions): LossResult {
  const { left, leftQueries, right, momentum, totals } = batch;
  requireTwo(left, 'itc');
  const temperature = tf.maximum(learned(batch, 'temperature', 'itc'), options.minTemperature) as Scalar;
  const [toRight, toLeft] = leftQueries
    ? withQueries(leftQueries, right, momentum)
    : [
        direction(left, right, momentum?.left, momentum?.right, momentum?.queuedRight),
        direction(right, left, momentum?.right, momentum?.left, momentum?.queuedLeft),
      ];
  const losses = [toRight, toLeft].map(({ similarity, opinion }) =>
    softCrossEntropy(
      tf.div(similarity, temperature),
      targets(opinion, similarity, temperature, options),
      totals,
    ),
  );
  return {
    loss: tf.mul(tf.add(losses[0]!, losses[1]!), 0.5),
    metrics: {
      'accuracy/left': retrievalAccuracy(toRight.similarity, totals),
      'accuracy/right': retrievalAccuracy(toLeft.similarity, totals),
      temperature: tf.clone(temperature),
    },
  };
}

/** How similar one view is to its candidates, and what momentum encoders say of that. */
interface Direction {
  similarity: Tensor2D;
  opinion?: Tensor2D;
}

/** Both directions where a left has several embeddings: the most similar one counts. */
function withQueries(
  queries: Tensor3D,
  right: Tensor2D,
  momentum: ContrastiveBatch['momentum'],
): [Direction, Direction] {
  if (momentum) throw new Error('itc: leftQueries and momentum cannot stand together');
  const similarity = querySimilarity(queries, right);
  return [{ similarity }, { similarity: tf.transpose(similarity) as Tensor2D }];
}

/** Similarities of one view with the candidates of the other, `[batch, batch + queue]`, and the momentum encoders'. */
function direction(
  from: Tensor2D,
  to: Tensor2D,
  momentumFrom: Tensor2D | undefined,
  momentumTo: Tensor2D | undefined,
  queued: Tensor2D | undefined,
): Direction {
  if (!momentumFrom || !momentumTo) return { similarity: cosineSimilarity(from, to) };
  const candidates = queued ? tf.concat([momentumTo, queued], 0) : momentumTo;
  return {
    similarity: cosineSimilarity(from, candidates),
    opinion: stopGradient(cosineSimilarity(momentumFrom, candidates)),
  };
}

function targets(
  opinion: Tensor2D | undefined,
  similarity: Tensor2D,
  temperature: Scalar,
  { alpha, labelSmoothing }: ItcOptions,
): Tensor2D {
  const [rows, candidates] = similarity.shape;
  const own = tf.eye(rows, candidates) as Tensor2D;
  const smooth: Tensor2D = tf.add(tf.mul(own, 1 - labelSmoothing), labelSmoothing / candidates);
  if (!opinion) return smooth;
  const soft = tf.softmax(tf.div(opinion, stopGradient(temperature)));
  return tf.add(tf.mul(soft, alpha), tf.mul(smooth, 1 - alpha));
}

/** Image-text contrastive learning: `itcLoss` as a definition. */
export const itc = defineAlgorithm({
  name: 'itc',
  paper: {
    title: 'Align before Fuse: Vision and Language Representation Learning with Momentum Distillation',
    url: 'https://arxiv.org/abs/2107.07651',
    equations: 'eq. 1, 2, 6',
  },
  batch: 'contrastive',
  options: itcOptions,
  needs: ({ momentum }) => ({
    wholeBatch: true,
    leastExamples: 2,
    scalars: { temperature: 0.07 },
    ...(momentum !== undefined && {
      reference: true,
      referenceSync: { steps: 1, mixup: 1 - momentum },
    }),
  }),
  loss: itcLoss,
});
