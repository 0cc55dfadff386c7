import { sft } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import { collate, type TokenSequence } from '@attune/data';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { swapInAverage } from '../export.ts';
import { adamW, sgd } from '../optimizers/index.ts';
import { createEvaluation } from './forward.ts';
import { clipFactor } from './gradients.ts';
import type { MicroBatch } from './micro-batch.ts';
import { TrainStep } from './train-step.ts';
import { createState, type UpdateSettings } from './update.ts';

beforeAll(() => useBackend('onnx', { quiet: true }));

const config = {
  model_type: 'llama',
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  tie_word_embeddings: true,
} as const;

/** A sequence of n tokens, the first two of them a prompt. */
const sequence = (n: number): TokenSequence => ({
  ids: Int32Array.from({ length: n }, (_, i) => (i * i + n) % 11),
  mask: Uint8Array.from({ length: n }, (_, i) => (i < 2 ? 0 : 1)),
});

function batchOf(...lengths: number[]): MicroBatch {
  const rows = lengths.map((n) => [sequence(n)]);
  const tokens = collate(rows.flat(), { padId: 0 });
  return {
    ...tokens,
    rows,
    tokens: tokens.mask.reduce((sum, value) => sum + value, 0),
    inputTokens: rows.flat().reduce((sum, { ids }) => sum + ids.length - 1, 0),
    examples: rows.length,
    names: lengths.map((n) => `row ${n}`),
  };
}

function setUp(settings: Partial<UpdateSettings> = {}) {
  const model = CausalLM.fromConfig(config, { seed: 1 });
  const full = { optimizer: sgd(), clipNorm: 0, ...settings };
  const state = createState(full, model.trainable());
  const step = new TrainStep({
    ...full,
    model,
    state,
    algorithm: sft as never,
    options: sft.options.parse({}),
  });
  const run = (batches: MicroBatch[], number = 1, lr = 0.1) =>
    step.run(batches, { step: number, lr, dropoutSeed: number });
  return { model, state, run, step };
}

const copy = (params: Record<string, tf.Variable>) =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, [...param.dataSync()]]));

describe('a step', () => {
  it('moves each weight by the gradient of the whole batch, as written out plainly', async () => {
    const { model, run } = setUp();
    const lengths = [5, 9, 3];
    const plain = CausalLM.fromConfig(config, { seed: 1 });
    const loss = () => {
      const sums = lengths.map((n) => {
        const batch = batchOf(n);
        const ids = tf.tensor2d(batch.inputIds, [1, batch.seq], 'int32');
        const labels = tf.tensor2d(batch.labels, [1, batch.seq], 'int32');
        return tf.sum(plain.logProbs({ inputIds: ids }, labels));
      });
      return tf.div(tf.neg(tf.addN(sums)), 3 + 7 + 1) as tf.Scalar;
    };
    const expected = tf.variableGrads(loss, Object.values(plain.params));
    const result = await run([batchOf(...lengths)], 1, 0.1);
    expect(result.loss).toBeCloseTo(expected.value.dataSync()[0]!, 5);
    expect(result.tokens).toBe(11);
    for (const [name, param] of Object.entries(plain.params)) {
      const wanted = tf.sub(param, tf.mul(expected.grads[param.name]!, 0.1)).dataSync();
      const found = model.params[name]!.dataSync();
      wanted.forEach((value, i) => {
        expect(Math.abs(found[i]! - value), `${name}[${i}]`).toBeLessThan(1e-6);
      });
    }
  });

  it('adds micro-batches of unequal lengths up to the same step', async () => {
    const whole = setUp({ clipNorm: 0.01 });
    const parts = setUp({ clipNorm: 0.01 });
    const a = await whole.run([batchOf(5, 9, 3, 4)]);
    const b = await parts.run([batchOf(9), batchOf(5, 4), batchOf(3)]);
    expect(b.loss).toBeCloseTo(a.loss, 6);
    expect(b.gradNorm).toBeCloseTo(a.gradNorm, 5);
    const [left, right] = [copy(whole.state.params), copy(parts.state.params)];
    for (const [name, values] of Object.entries(left)) {
      values.forEach((value, i) => {
        expect(Math.abs(value - right[name]![i]!)).toBeLessThan(1e-7);
      });
    }
  });

  it('clips to a global norm', async () => {
    const free = setUp();
    const clipped = setUp({ clipNorm: 0.05 });
    const start = copy(free.state.params);
    const { gradNorm } = await free.run([batchOf(5, 9)], 1, 1);
    await clipped.run([batchOf(5, 9)], 1, 1);
    expect(gradNorm).toBeGreaterThan(0.05);
    const moved = copy(clipped.state.params);
    const squares = Object.entries(start).flatMap(([name, values]) =>
      values.map((v, i) => (v - moved[name]![i]!) ** 2),
    );
    expect(Math.sqrt(squares.reduce((a, b) => a + b, 0))).toBeCloseTo(0.05, 4);
    expect(clipFactor(10, 0)).toBe(1);
    expect(clipFactor(0.5, 1)).toBe(1);
  });

  it('keeps a moving average of the weights, which can stand in for them', async () => {
    const { state, run } = setUp({ ema: 0.75 });
    const name = 'model.norm.weight';
    let average = copy(state.params)[name]!;
    for (const number of [1, 2, 3]) {
      await run([batchOf(6)], number);
      average = copy(state.params)[name]!.map((value, i) => 0.75 * average[i]! + 0.25 * value);
    }
    const own = copy(state.params)[name]!;
    const restore = swapInAverage(state)!;
    copy(state.params)[name]!.forEach((value, i) => {
      expect(value).toBeCloseTo(average[i]!, 6);
    });
    restore();
    expect(copy(state.params)[name]).toEqual(own);
  });

  it('gives the same gradients with gradient checkpointing', async () => {
    const plain = setUp();
    const saving = setUp();
    saving.model.gradientCheckpointing = true;
    await plain.run([batchOf(5, 9)], 1, 1);
    await saving.run([batchOf(5, 9)], 1, 1);
    const [left, right] = [copy(plain.state.params), copy(saving.state.params)];
    for (const [name, values] of Object.entries(left)) {
      values.forEach((value, i) => {
        expect(Math.abs(value - right[name]![i]!)).toBeLessThan(1e-6);
      });
    }
  });

  it('leaves no tensor behind', async () => {
    const { run } = setUp({ optimizer: adamW(), ema: 0.9 });
    const batches = [batchOf(5, 9), batchOf(3, 3)];
    await run(batches);
    const before = tf.memory().numTensors;
    for (let number = 2; number < 8; number++) await run(batches, number);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('numbers that are not finite', () => {
  it('name the examples whose loss it is, and change nothing', async () => {
    const { state, run } = setUp({ optimizer: adamW(), ema: 0.9 });
    state.params['model.norm.weight']!.assign(tf.fill([8], Number.NaN));
    const before = [copy(state.params), copy(state.average), Object.values(state.slots).map(copy)];
    const { culprit } = await run([batchOf(5, 9), batchOf(3)]);
    expect(culprit).toBe('the loss is NaN on row 5, row 9');
    expect([copy(state.params), copy(state.average), Object.values(state.slots).map(copy)]).toEqual(before);
  });

  it('name the parameter whose gradient it is', async () => {
    const { state, run } = setUp();
    // Large enough for the sum of squares to overflow, while the loss itself is finite.
    const weight = state.params['model.layers.1.mlp.down_proj.weight']!;
    weight.assign(tf.fill(weight.shape, 1e38));
    state.params['model.layers.1.mlp.up_proj.weight']!.assign(tf.zeros([12, 8]));
    const before = copy(state.params);
    const { culprit, loss } = await run([batchOf(5)]);
    expect(Number.isFinite(loss)).toBe(true);
    expect(culprit).toMatch(
      /^the gradient of model\.layers\.1\.mlp\.up_proj\.weight( \(and of \d+ more parameters\))? is not finite$/,
    );
    expect(copy(state.params)).toEqual(before);
  });
});

it('evaluates a data set the same in any batches', async () => {
  const { model } = setUp();
  const evaluate = createEvaluation({
    models: { policy: model },
    algorithm: sft as never,
    options: sft.options.parse({}),
  });
  const { loss } = await evaluate([batchOf(5, 9, 3, 4)]);
  const apart = await evaluate([batchOf(3), batchOf(9, 4), batchOf(5)]);
  expect(apart.loss).toBeCloseTo(loss!, 6);
});
