import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BatchKind, BatchKinds, SequenceLogProbs } from './batches.ts';
import { coupleStep } from './couple.ts';
import type { AlgorithmDefinition, LossResult, Needs } from './definition.ts';
import { listMethods } from './lists/index.ts';
import { pairVariants } from './pairs/dpo-variants.ts';
import { pairMethods } from './pairs/index.ts';
import { algorithms } from './resolve.ts';
import { rewardModels } from './reward-models/index.ts';
import { selfPlayMethods } from './self-play/index.ts';
import { unpairedMethods } from './unpaired/index.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

/** Prompts of the toy; to each there are three answers of one token, of which the first is good, the last bad. */
const PROMPTS = 3;
/** Tokens of the toy's vocabulary; the fourth is none of the answers. */
const VOCABULARY = 4;

/** The same answer, by its token, to every prompt, under a policy that is a table of logits `[prompts, vocab]`. */
function answer(logits: tf.Tensor2D, scores: tf.Tensor2D, token: number, needs: Needs): SequenceLogProbs {
  const at = (table: tf.Tensor2D) => tf.slice(table, [0, token], [PROMPTS, 1]);
  const uniform = tf.zeros<tf.Rank.R3>([PROMPTS, 1, VOCABULARY]);
  return {
    logProbs: at(tf.logSoftmax(logits)),
    refLogProbs: tf.fill([PROMPTS, 1], -Math.log(VOCABULARY)),
    mask: tf.ones([PROMPTS, 1]),
    scores: at(scores),
    ...(needs.logits && {
      logits: tf.reshape(logits, [PROMPTS, 1, VOCABULARY]),
      refLogits: uniform,
      labels: tf.fill([PROMPTS, 1], token, 'int32'),
    }),
  };
}

/** Rows of several answers, one below the other. */
function below(answers: SequenceLogProbs[]): SequenceLogProbs {
  return Object.fromEntries(
    Object.keys(answers[0]!).map((key) => [
      key,
      tf.concat(
        answers.map((own) => own[key as keyof SequenceLogProbs]! as tf.Tensor),
        0,
      ),
    ]),
  ) as unknown as SequenceLogProbs;
}

function toyBatch(kind: BatchKind, needs: Needs, logits: tf.Tensor2D, scores: tf.Tensor2D): unknown {
  const own = (token: number) => answer(logits, scores, token, needs);
  const column = (...values: number[]) =>
    tf.tensor1d(values.flatMap((value) => Array<number>(PROMPTS).fill(value)));
  const totals = (answers: number, examples: number) => ({
    tokens: tf.scalar(PROMPTS * answers),
    examples: tf.scalar(PROMPTS * examples),
    chosenTokens: tf.scalar(PROMPTS),
    desirable: tf.scalar(PROMPTS),
  });
  switch (kind) {
    case 'pairwise':
      return {
        chosen: own(0),
        rejected: own(2),
        // After a corrupted condition every answer is as likely as under the reference.
        corrupted: { ...own(0), logProbs: tf.fill([PROMPTS, 1], -Math.log(VOCABULARY)) },
        margins: column(0.8),
        chosenFromReference: column(0),
        totals: totals(2, 1),
      };
    case 'unpaired':
      return {
        ...below([own(0), own(2)]),
        mismatched: below([own(1), own(1)]),
        desirable: column(1, 0),
        totals: totals(2, 2),
      };
    case 'listwise':
      return {
        answers: [own(0), own(1), own(2)],
        ratings: tf.tile(tf.tensor2d([[1, 0.5, 0]]), [PROMPTS, 1]),
        present: tf.ones([PROMPTS, 3]),
        totals: totals(3, 1),
      };
    case 'stepwise': {
      const steps = below([own(0), own(2)]);
      return {
        ...steps,
        stepMask: steps.mask,
        stepLabels: tf.expandDims(column(0.9, 0.1), 1),
        totals: totals(2, 2),
      };
    }
    case 'rollout':
      return {
        ...below([own(0), own(2)]),
        oldLogProbs: below([own(0), own(2)]).logProbs,
        advantages: tf.expandDims(column(0.5, -0.5), 1),
        totals: totals(2, 2),
      };
    default:
      throw new Error(`no toy of ${kind}`);
  }
}

/** Policy and scores after some steps of gradient descent whose length does not depend on the gradient's. */
function learn(name: string, options: object): { policy: number[][]; scores: number[][] } {
  const algorithm = algorithms[name]!;
  const parsed = algorithm.options.parse(options);
  const needs = (algorithm.needs as ((options: unknown) => Needs) | undefined)?.(parsed) ?? {};
  const lossOf = algorithm.loss as (batch: unknown, options: unknown) => LossResult;
  return tf.tidy(() => {
    let logits: tf.Tensor2D = tf.zeros([PROMPTS, VOCABULARY]);
    let scores: tf.Tensor2D = tf.zeros([PROMPTS, VOCABULARY]);
    for (let step = 0; step < 12; step++) {
      const batch = toyBatch(algorithm.batch, needs, logits, scores) as BatchKinds[BatchKind];
      const { coupled } = coupleStep(algorithm as AlgorithmDefinition, parsed, [batch]).batches[0]!;
      const gradient = tf.grads((a, b) => {
        const own = toyBatch(algorithm.batch, needs, a as tf.Tensor2D, b as tf.Tensor2D) as object;
        const { loss } = lossOf(coupled ? { ...own, coupled } : own, parsed);
        // TensorFlow.js refuses to differentiate by what a loss does not read.
        return tf.add(loss, tf.mul(tf.add(tf.sum(a!), tf.sum(b!)), 0));
      })([logits, scores]) as [tf.Tensor2D, tf.Tensor2D];
      const [first, second] = gradient.map((g) => tf.div(g, tf.add(tf.max(tf.abs(g)), 1e-12)));
      logits = tf.sub(logits, tf.mul(first!, 0.1));
      scores = tf.sub(scores, tf.mul(second!, 0.1));
    }
    return { policy: logits.arraySync(), scores: scores.arraySync() };
  });
}

const methods = { ...pairMethods, ...unpairedMethods, ...listMethods, ...selfPlayMethods };
const policies: [string, object][] = [
  // discopop's slope points the wrong way where policy and reference are equal; a wide blend has none of that.
  ...Object.keys(methods).map((name): [string, object] => [
    name,
    name === 'discopop' ? { discopopTau: 1 } : {},
  ]),
  ...pairVariants.map((variant): [string, object] => [
    'dpo',
    variant === 'discopop' ? { variant, discopopTau: 1 } : { variant },
  ]),
  ...['forward-kl', 'js', 'alpha'].map((divergence): [string, object] => ['dpo', { divergence }]),
  ['dpo', { weighting: true }],
  ['cpo', { variant: 'hinge', alpha: 0 }],
  ['alphapo', { alpha: -0.5 }],
  ['dno', { labels: 'soft' }],
  ['implicit-prm', {}],
];

describe('a policy learns to prefer the good answer', () => {
  test.each(policies)('%s %o', (name, options) => {
    for (const [good, , bad] of learn(name, options).policy) expect(good! - bad!).toBeGreaterThan(0.2);
  });
});

describe('scores learn to tell the good answer', () => {
  const trained = Object.keys(rewardModels).filter((name) => name !== 'implicit-prm');
  test.each(trained)('%s', (name) => {
    for (const [good, , bad] of learn(name, {}).scores) expect(good! - bad!).toBeGreaterThan(0.2);
  });
});
