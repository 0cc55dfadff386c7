import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/**
 * How far a student's next-token distribution is from its teacher's.
 * - `forward`: KL(teacher ‖ student). The student covers all that the teacher does.
 * - `reverse`: KL(student ‖ teacher). The student keeps to what the teacher finds likely.
 * - `js`: the generalised Jensen-Shannon divergence between the two (GKD, arXiv 2306.13649 eq. 1): with
 *   m = β teacher + (1 − β) student, `β KL(teacher ‖ m) + (1 − β) KL(student ‖ m)`. Bounded.
 */
export const divergences = z.enum(['forward', 'reverse', 'js']);

/** Options of `logitDivergence`. */
export interface DivergenceOptions {
  divergence: z.output<typeof divergences>;
  /** β of `js`: 0.5 is symmetric. */
  beta: number;
  /** Divides both logits; above 1 it shows more of what the teacher thinks of unlikely tokens. */
  temperature: number;
  /** Compare the teacher's k likeliest tokens, and all others as if they were one; 0: all. */
  topK: number;
}

/** Log-probability of a token that is left out. */
const NOTHING = -1e9;

/**
 * The divergence at each place, from full logits.
 *
 * @param logits the student's, `[batch, seq, vocab]`
 * @param teacherLogits `[batch, seq, vocab]`
 * @returns `[batch, seq]`, in nats
 */
export function logitDivergence(
  logits: Tensor3D,
  teacherLogits: Tensor3D,
  { divergence, beta, temperature, topK }: DivergenceOptions,
): Tensor2D {
  const vocabulary = logits.shape[2];
  if (teacherLogits.shape[2] !== vocabulary)
    throw new Error(
      `student and teacher must share a vocabulary, found ${vocabulary} and ${teacherLogits.shape[2]} tokens`,
    );
  let student: Tensor3D = tf.logSoftmax(tf.div(logits, temperature));
  let teacher: Tensor3D = tf.logSoftmax(tf.div(teacherLogits, temperature));
  if (topK > 0 && topK < vocabulary) {
    const { values } = tf.topk(teacher, topK);
    const least = tf.slice(values, [0, 0, topK - 1], [-1, -1, 1]);
    const top = tf.greaterEqual(teacher, least);
    [student, teacher] = [withRest(student, top), withRest(teacher, top)];
  }
  switch (divergence) {
    case 'forward':
      return kl(teacher, student);
    case 'reverse':
      return kl(student, teacher);
    case 'js': {
      const mixed = tf.logSumExp(
        tf.stack([tf.add(teacher, Math.log(beta)), tf.add(student, Math.log1p(-beta))]),
        0,
      ) as Tensor3D;
      return tf.add(tf.mul(kl(teacher, mixed), beta), tf.mul(kl(student, mixed), 1 - beta));
    }
  }
}

/** Σ p (log p − log q) over the last axis. */
function kl(logP: Tensor3D, logQ: Tensor3D): Tensor2D {
  return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), -1);
}

/** Log-probabilities of some tokens, and of all others together as a last one. */
function withRest(logProbs: Tensor3D, top: tf.Tensor): Tensor3D {
  const nothing = tf.fill(logProbs.shape, NOTHING);
  const rest = tf.logSumExp(tf.where(top, nothing, logProbs), -1, true);
  return tf.concat([tf.where(top, logProbs, nothing) as Tensor3D, rest as Tensor3D], 2);
}
