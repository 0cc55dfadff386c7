import {
  type AnyAlgorithm,
  exampleMean,
  type LossResult,
  type Needs,
  type SequenceLogProbs,
  sequenceSums,
} from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import { addScalarHead, CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EncodedExample } from '../data/codec.ts';
import { addContrasts } from '../data/contrasts.ts';
import type { OfflineKind } from '../data/encode-examples.ts';
import { type BatchOptions, makeMicroBatches } from '../data/micro-batches.ts';
import { sgd } from '../optimizers/index.ts';
import type { MicroBatch } from './micro-batch.ts';
import { TrainStep } from './train-step.ts';
import { createState } from './update.ts';

beforeAll(() => {
  tf.env().set('IS_TEST', true); // no greeting on stderr
  return useBackend('onnx', { quiet: true });
});

const config = {
  model_type: 'llama',
  vocab_size: 13,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  tie_word_embeddings: true,
} as const;

/** A sequence of n tokens after a prompt of its own of two. */
const sequence = (n: number, salt: number) => ({
  ids: Int32Array.from({ length: n }, (_, i) => (i * i * salt + n + salt) % 13),
  mask: Uint8Array.from({ length: n }, (_, i) => (i < 2 ? 0 : 1)),
});
const lengths = [5, 9, 3, 7];

/** A loss over sums of log-probabilities that looks at everything it is given. */
const define = (
  batch: OfflineKind,
  needs: Needs,
  loss: (batch: never) => tf.Tensor1D,
  more: object = {},
): AnyAlgorithm =>
  ({
    name: `all of ${batch}`,
    paper: { title: 'none', url: 'none' },
    batch,
    options: z.strictObject({}),
    needs: () => needs,
    loss: (given: never): LossResult => {
      const values = loss(given);
      const { totals } = given as { totals: { examples: tf.Scalar; tokens: tf.Scalar } };
      return { loss: exampleMean(values, totals), metrics: { sum: exampleMean(tf.abs(values), totals) } };
    },
    ...more,
  }) as unknown as AnyAlgorithm;

/** The policy against its reference, in a way that is not linear. */
const ratio = ({ logProbs, refLogProbs, mask }: SequenceLogProbs): tf.Tensor1D =>
  tf.sub(sequenceSums(logProbs, mask), sequenceSums(refLogProbs!, mask));

interface Case {
  kind: OfflineKind;
  algorithm: AnyAlgorithm;
  examples: EncodedExample[];
  layout?: Partial<BatchOptions>;
}

const cases: Record<string, Case> = {
  'pairs with margins and a corrupted prompt': {
    kind: 'pairwise',
    algorithm: define('pairwise', { reference: true, corrupted: true }, ((batch: {
      chosen: SequenceLogProbs;
      rejected: SequenceLogProbs;
      corrupted: SequenceLogProbs;
      margins: tf.Tensor1D;
      totals: { chosenTokens: tf.Scalar; tokens: tf.Scalar };
    }) => {
      const share = tf.div(batch.totals.chosenTokens, batch.totals.tokens);
      const margin = tf.sub(tf.sub(ratio(batch.chosen), ratio(batch.rejected)), batch.margins);
      return tf.add(tf.softplus(tf.neg(margin)), tf.mul(tf.square(ratio(batch.corrupted)), share));
    }) as never),
    examples: lengths.map((n, i) => ({
      name: `pair ${i}`,
      sequences: [sequence(n, i + 1), sequence(12 - n, i + 2)],
      margin: i / 4,
    })),
    layout: { margins: true },
  },
  'unpaired answers against mismatched ones, coupled': {
    kind: 'unpaired',
    algorithm: define(
      'unpaired',
      { reference: true, mismatched: true },
      ((batch: SequenceLogProbs & { desirable: tf.Tensor1D; coupled: Record<string, tf.Tensor1D> }) =>
        tf.mul(
          tf.sigmoid(tf.sub(ratio(batch), batch.coupled.zero!)),
          tf.sub(1, tf.mul(2, batch.desirable)),
        )) as never,
      {
        coupling: {
          measure: ({ mismatched }: { mismatched: SequenceLogProbs }) => ({ kl: ratio(mismatched) }),
          combine: ({ kl }: { kl: Float32Array }, _: unknown, state: unknown) => {
            const mean = kl.reduce((a, b) => a + b, 0) / kl.length + ((state as number) ?? 0);
            return { coupled: { zero: kl.map(() => mean) }, state: mean };
          },
        },
      },
    ),
    examples: lengths.map((n, i) => ({
      name: `one ${i}`,
      sequences: [sequence(n, i + 1)],
      desirable: i % 2,
    })),
  },
  'lists of unequal lengths': {
    kind: 'listwise',
    algorithm: define('listwise', { reference: true }, ((batch: {
      answers: SequenceLogProbs[];
      ratings: tf.Tensor2D;
      present: tf.Tensor2D;
    }) => {
      const all = tf.stack(batch.answers.map(ratio), 1);
      const weighed = tf.mul(tf.mul(tf.square(tf.sub(all, batch.ratings)), batch.present), 0.1);
      return tf.sum(weighed, 1) as tf.Tensor1D;
    }) as never),
    examples: lengths.map((n, i) => ({
      name: `list ${i}`,
      sequences: Array.from({ length: 2 + (i % 3) }, (_, place) => sequence(n + place, i + place)),
      ratings: Array.from({ length: 2 + (i % 3) }, (_, place) => 2 - place),
    })),
    layout: { sets: 4 },
  },
  'judged steps under a scalar head': {
    kind: 'stepwise',
    algorithm: define('stepwise', { head: 'after' }, ((
      batch: SequenceLogProbs & { stepLabels: tf.Tensor2D; stepMask: tf.Tensor2D },
    ) => sequenceSums(tf.square(tf.sub(batch.scores!, batch.stepLabels)), batch.stepMask)) as never),
    examples: lengths.map((n, i) => ({
      name: `steps ${i}`,
      sequences: [sequence(n, i + 1)],
      steps: { ends: [2, n - 1], labels: [1, i % 2] },
    })),
    layout: { readWhole: true },
  },
  'weighted texts with entropy and logits': {
    kind: 'supervised',
    algorithm: define('supervised', { entropy: true, logits: true }, ((
      batch: SequenceLogProbs & { weights: tf.Tensor2D },
    ) => {
      const chosen = tf.sum(tf.mul(batch.logits!, tf.oneHot(batch.labels as never, 13)), 2) as tf.Tensor2D;
      const normaliser = tf.logSumExp(batch.logits!, 2) as tf.Tensor2D;
      const both = tf.add(tf.sub(chosen, normaliser), tf.mul(batch.entropy!, batch.logProbs)) as tf.Tensor2D;
      return tf.neg(sequenceSums(tf.mul(both, batch.weights), batch.mask));
    }) as never),
    examples: lengths.map((n, i) => ({
      name: `text ${i}`,
      sequences: [sequence(n, i + 1)],
      weight: 1 + i,
    })),
    layout: { weights: true },
  },
  'a teacher': {
    kind: 'distillation',
    algorithm: define('distillation', { teacher: true, logits: true }, ((
      batch: SequenceLogProbs & { teacherLogits: tf.Tensor3D },
    ) => {
      const target = tf.softmax(batch.teacherLogits);
      const cross = tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(batch.logits!)), 2)) as tf.Tensor2D;
      return sequenceSums(cross, batch.mask);
    }) as never),
    examples: lengths.map((n, i) => ({ name: `text ${i}`, sequences: [sequence(n, i + 1)] })),
  },
};

/** Takes one step in micro-batches of a size. */
async function step({ kind, algorithm, examples: given, layout }: Case, micro: number) {
  const model = CausalLM.fromConfig(config, { seed: 1 });
  const reference = CausalLM.fromConfig(config, { seed: 2 });
  const needs = algorithm.needs!({} as never);
  if (needs.head) addScalarHead(model, { seed: 3 });
  const settings = { optimizer: sgd(), clipNorm: 0 };
  const state = createState(settings, model.trainable());
  const run = new TrainStep({
    ...settings,
    model,
    state,
    algorithm,
    options: {},
    models: {
      ...(needs.reference && { reference }),
      ...(needs.teacher && { teacher: reference }),
    },
  });
  const examples = addContrasts(given, needs, 16);
  const batches = makeMicroBatches(examples, {
    kind,
    padId: 0,
    maxLength: 16,
    micro,
    packing: false,
    ...layout,
  });
  const results = [];
  for (const number of [1, 2])
    results.push(await run.run(batches, { step: number, lr: 0.05, dropoutSeed: 1 }));
  return { results, batches, weights: Object.values(state.params).map((p) => [...p.dataSync()]), run };
}

describe('a step is the same in any micro-batches', () => {
  it.each(Object.entries(cases))('%s', async (_, each) => {
    const whole = await step(each, 4);
    const parts = await step(each, 1);
    expect(whole.batches).toHaveLength(1);
    expect(parts.batches).toHaveLength(4);
    for (const [i, { loss, gradNorm, metrics, tokens }] of whole.results.entries()) {
      const other = parts.results[i]!;
      expect(other.loss).toBeCloseTo(loss, 5);
      expect(other.metrics.sum).toBeCloseTo(metrics.sum!, 5);
      expect(other.gradNorm).toBeCloseTo(gradNorm, 4);
      expect(other.tokens).toBe(tokens);
      expect(gradNorm).toBeGreaterThan(1e-3);
      expect(other.culprit).toBeUndefined();
    }
    whole.weights.forEach((values, p) => {
      values.forEach((value, i) => {
        expect(Math.abs(value - parts.weights[p]![i]!)).toBeLessThan(2e-6);
      });
    });
    // What the coupling keeps goes on from step to step.
    if (each.algorithm.coupling)
      expect(whole.run.couplingState).toBeCloseTo(parts.run.couplingState as number, 5);
  });
});

it('the mismatched answer is that of the next example with another prompt', () => {
  const shared = sequence(5, 1);
  const examples = [shared, { ...shared, mask: shared.mask.slice() }, sequence(7, 2)].map((s, i) => ({
    name: `${i}`,
    sequences: [s],
  }));
  const added = addContrasts(examples, { mismatched: true }, 16).map(({ sequences }) => [
    ...sequences[1]!.ids,
  ]);
  const [prompt, answer] = [[...shared.ids.slice(0, 2)], [...sequence(7, 2).ids.slice(2)]];
  expect(added[0]).toEqual([...prompt, ...answer]);
  expect(added[1]).toEqual([...prompt, ...answer]);
  expect(() => addContrasts(examples.slice(0, 2), { mismatched: true }, 16)).toThrow(
    '0: the algorithm compares answers with those of other prompts, and all 2 examples have this one',
  );
});

it('a head reads the last token of an answer before it judges it', async () => {
  await useBackend('cpu', { quiet: true });
  const own = sequence(6, 2);
  let scores: tf.Tensor2D | undefined;
  const spy = define('supervised', { head: 'after' }, ((batch: SequenceLogProbs) => {
    scores = tf.keep(batch.scores!);
    return sequenceSums(batch.scores!, batch.mask);
  }) as never);
  const layout = {
    kind: 'supervised',
    padId: 0,
    maxLength: 16,
    micro: 1,
    packing: false,
    readWhole: true,
  } as const;
  const [batch] = makeMicroBatches([{ name: 'a', sequences: [own] }], layout) as [MicroBatch];
  const plain = CausalLM.fromConfig(config, { seed: 1 });
  addScalarHead(plain, { seed: 3 });
  const state = createState({ optimizer: sgd(), clipNorm: 0 }, plain.trainable());
  const run = new TrainStep({
    optimizer: sgd(),
    clipNorm: 0,
    model: plain,
    state,
    algorithm: spy,
    options: {},
  });
  const before = [...plain.scores({ inputIds: tf.tensor2d([[...own.ids]], undefined, 'int32') }).dataSync()];
  await run.run([batch], { step: 1, lr: 0, dropoutSeed: 0 });
  const last = batch.mask.lastIndexOf(1);
  expect(scores!.dataSync()[last]).toBeCloseTo(before.at(-1)!, 5);
  await useBackend('onnx', { quiet: true });
});
