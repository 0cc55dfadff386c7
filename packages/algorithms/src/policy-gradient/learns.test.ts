import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { RolloutBatch } from '../batches.ts';
import type { LossResult } from '../definition.ts';
import type { Advantages, Rollout } from '../rollout.ts';
import { policyGradientMethods } from './index.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

/**
 * The smallest thing a policy gradient can learn: answers of two tokens out of four, each drawn for itself; the reward is
 * the share of tokens that are 0. The policy is a table of logits, the critic one of values.
 */
const PLACES = 2;
const TOKENS = 4;
const PROMPTS = 4;
const GROUP = 6;

/** Draws numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function softmax(logits: number[]): number[] {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const reward = (answer: number[]) => answer.filter((token) => token === 0).length / PLACES;

/** A place of the table drawn by its probabilities. */
function draw(logits: number[], random: number): number {
  const probabilities = softmax(logits);
  let sum = 0;
  const drawn = probabilities.findIndex((p) => {
    sum += p;
    return random < sum;
  });
  return drawn < 0 ? logits.length - 1 : drawn;
}

/** Answers of a policy and what a rollout says of them. */
interface Sampled {
  answers: number[][];
  rollout: Rollout;
  found: Advantages;
}

/** The batch of all answers that are kept, around a table of logits and a critic. */
function batchOf({ answers, rollout, found }: Sampled, table: tf.Tensor, critic: tf.Tensor): RolloutBatch {
  const all = tf.logSoftmax(table as tf.Tensor2D);
  const rows = (source: readonly Float32Array[], of: readonly number[]) =>
    tf.tensor2d(of.map((i) => Array.from(source[i]!)));
  const side = (of: readonly number[]) => {
    const chosen = tf.oneHot(
      tf.tensor2d(
        of.map((i) => answers[i]!),
        undefined,
        'int32',
      ),
      TOKENS,
    );
    return {
      logProbs: tf.sum(tf.mul(all, chosen), 2) as tf.Tensor2D,
      refLogProbs: rows(rollout.refLogProbs!, of),
      mask: tf.ones([of.length, PLACES]) as tf.Tensor2D,
    };
  };
  const totals = (count: number, tokens: number) => ({
    tokens: tf.scalar(tokens),
    examples: tf.scalar(count),
  });
  const kept = answers.map((_, i) => i).filter((i) => found.keep?.[i] !== 0);
  const pairs = found.pairs ?? [];
  const chosen = pairs.map((pair) => pair.chosen);
  const rejected = pairs.map((pair) => pair.rejected);
  return {
    ...side(kept),
    oldLogProbs: rows(rollout.logProbs, kept),
    advantages: rows(found.advantages, kept),
    values: tf.add(tf.zeros([kept.length, PLACES]), critic) as tf.Tensor2D,
    oldValues: rows(rollout.values!, kept),
    ...(found.returns && { returns: rows(found.returns, kept) }),
    ...(pairs.length > 0 && {
      pairwise: {
        chosen: side(chosen),
        rejected: side(rejected),
        totals: totals(pairs.length, 2 * pairs.length * PLACES),
      },
    }),
    totals: totals(kept.length, kept.length * PLACES),
  };
}

/** Answers to every prompt under a table of logits. */
function sample(logits: number[][], values: number[], random: () => number): Omit<Sampled, 'found'> {
  const answers = Array.from({ length: PROMPTS * GROUP }, () => logits.map((row) => draw(row, random())));
  const perToken = (f: (token: number, place: number) => number) =>
    answers.map((answer) => Float32Array.from(answer, f));
  const greedy = reward(logits.map((row) => row.indexOf(Math.max(...row))));
  return {
    answers,
    rollout: {
      rewards: Float32Array.from(answers, reward),
      groupSize: GROUP,
      logProbs: perToken((token, place) => Math.log(softmax(logits[place]!)[token]!)),
      refLogProbs: perToken(() => Math.log(1 / TOKENS)),
      values: perToken((_, place) => values[place]!),
      greedyRewards: new Float32Array(PROMPTS).fill(greedy),
      maxTokens: PLACES,
    },
  };
}

/** Mean reward of the policy after some rollouts of two steps each. */
function train(name: string, options: object): number {
  const method = policyGradientMethods[name]!;
  const parsed = method.options.parse(options);
  const loss = method.loss as (batch: RolloutBatch, options: unknown) => LossResult;
  const random = generator(7);
  let logits = Array.from({ length: PLACES }, () => new Array<number>(TOKENS).fill(0));
  let values = new Array<number>(PLACES).fill(0);
  let state: unknown;
  for (let rollouts = 0; rollouts < 15; rollouts++) {
    const sampled = sample(logits, values, random);
    const found = method.advantages!(sampled.rollout, parsed, state);
    state = found.state;
    if (found.keep?.every((keep) => keep === 0)) continue;
    for (let step = 0; step < 2; step++) {
      const [policyStep, criticStep] = tf.tidy(() => {
        const { grads } = tf.valueAndGrads((table: tf.Tensor, critic: tf.Tensor) => {
          const result = loss(batchOf({ ...sampled, found }, table, critic), parsed).loss;
          // Most methods have no critic, and TensorFlow.js refuses to differentiate by what is not read.
          return tf.add(result, tf.mul(tf.sum(critic), 0)) as tf.Scalar;
        })([tf.tensor2d(logits), tf.tensor1d(values)]);
        return grads.map((grad) => Array.from(grad.dataSync()));
      });
      // The scale of a loss depends on its aggregation; steps of a fixed size do not.
      const size = Math.max(...policyStep!.map(Math.abs), 1e-12);
      logits = logits.map((row, p) => row.map((x, t) => x - (0.3 * policyStep![p * TOKENS + t]!) / size));
      values = values.map((v, p) => v - criticStep![p]!);
    }
  }
  return logits.reduce((sum, row) => sum + softmax(row)[0]!, 0) / PLACES;
}

test.each(Object.keys(policyGradientMethods))('%s learns from 0.25 to above 0.75', (name) => {
  const kl = name === 'ppo' || name === 'upo' || name === 'rloo' ? { klCoefficient: 0.01 } : {};
  expect(train(name, kl)).toBeGreaterThan(0.75);
});
