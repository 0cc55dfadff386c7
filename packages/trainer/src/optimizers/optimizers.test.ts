import { readFileSync } from 'node:fs';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOptimizer, type Optimizer, type OptimizerName, optimizers, type Slots } from './index.ts';
import { orthogonalize } from './muon.ts';
import { decays } from './weight-decay.ts';

interface Fixture {
  shapes: Record<string, number[]>;
  learningRates: number[];
  start: Record<string, number[]>;
  gradients: Record<string, number[]>[];
  cases: { name: OptimizerName; options: Record<string, unknown>; after: Record<string, number[]>[] }[];
}
const fixture: Fixture = JSON.parse(
  readFileSync(new URL('./fixtures/optimizers.json', import.meta.url), 'utf8'),
);

beforeAll(() => useBackend('cpu'));

/** One step over all parameters, learning rate and step number entering as tensors. */
function stepAll(
  optimizer: Optimizer,
  params: Record<string, tf.Tensor>,
  slots: Record<string, Slots>,
  grads: Record<string, tf.Tensor>,
  step: number,
  lr: number,
) {
  const scalars = Object.fromEntries(
    Object.entries(optimizer.scalars(step, lr)).map(([key, value]) => [key, tf.scalar(value)]),
  );
  for (const name of Object.keys(params)) {
    const output = optimizer.update({
      name,
      param: params[name]!,
      grad: grads[name]!,
      slots: slots[name]!,
      scalars,
      weightDecay: optimizer.weightDecay,
    });
    params[name] = output.param;
    slots[name] = output.slots;
  }
}

const tensors = (values: Record<string, number[]>) =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, tf.tensor(v, fixture.shapes[name])]));

describe.each(fixture.cases)('$name $options', ({ name, options, after }) => {
  it('follows the reference for five steps of changing learning rate', () => {
    const optimizer = createOptimizer({ name, ...options });
    const params = tensors(fixture.start);
    const slots = Object.fromEntries(Object.entries(params).map(([n, p]) => [n, optimizer.init(n, p)]));
    fixture.learningRates.forEach((lr, i) => {
      stepAll(optimizer, params, slots, tensors(fixture.gradients[i]!), i + 1, lr);
      for (const [n, expected] of Object.entries(after[i]!)) {
        const found = params[n]!.dataSync();
        expected.forEach((value, j) => {
          expect(Math.abs(found[j]! - value), `${n}[${j}] after step ${i + 1}`).toBeLessThan(2e-6);
        });
      }
    });
  });
});

describe.each(Object.keys(optimizers) as OptimizerName[])('contract: %s', (name) => {
  const build = (weightDecay = 0) => createOptimizer({ name, weightDecay });

  it('keeps the slots it began with, with their shapes', () => {
    const optimizer = build();
    const params: Record<string, tf.Tensor> = { 'x.weight': tf.ones([2, 3]), 'x.bias': tf.ones([3]) };
    const slots = Object.fromEntries(Object.entries(params).map(([n, p]) => [n, optimizer.init(n, p)]));
    const shapes = (s: Record<string, Slots>) =>
      Object.entries(s).map(([n, own]) => [n, Object.entries(own).map(([slot, t]) => [slot, t.shape])]);
    const before = shapes(slots);
    stepAll(optimizer, params, slots, { 'x.weight': tf.ones([2, 3]), 'x.bias': tf.ones([3]) }, 1, 0.1);
    expect(shapes(slots)).toEqual(before);
    expect(params['x.weight']!.shape).toEqual([2, 3]);
  });

  it('changes nothing at learning rate 0', () => {
    const optimizer = build(0.1);
    const params = tensors(fixture.start);
    const slots = Object.fromEntries(Object.entries(params).map(([n, p]) => [n, optimizer.init(n, p)]));
    stepAll(optimizer, params, slots, tensors(fixture.gradients[0]!), 1, 0);
    for (const [n, value] of Object.entries(tensors(fixture.start))) {
      expect(params[n]!.dataSync()).toEqual(value.dataSync());
    }
  });

  it('finds the minimum of a quadratic', () => {
    const optimizer = build();
    const target = tf.tensor2d([1, -2, 0.5, 3], [2, 2]);
    const params: Record<string, tf.Tensor> = { 'x.weight': tf.ones([2, 2]) };
    const slots = { 'x.weight': optimizer.init('x.weight', params['x.weight']!) };
    const distance = () => tf.sum(tf.square(tf.sub(params['x.weight']!, target))).dataSync()[0]!;
    const start = distance();
    for (let step = 1; step <= 200; step++) {
      const grads = { 'x.weight': tf.mul(tf.sub(params['x.weight']!, target), 2) };
      stepAll(optimizer, params, slots, grads, step, 0.3 * (1 - step / 201));
    }
    expect(distance()).toBeLessThan(start * 1e-3);
  });

  it('shrinks a parameter without gradient only when it decays', () => {
    const norm = (weightDecay: number) => {
      const optimizer = build(weightDecay);
      const params: Record<string, tf.Tensor> = { 'x.weight': tf.fill([2, 2], 2) };
      const slots = { 'x.weight': optimizer.init('x.weight', params['x.weight']!) };
      stepAll(optimizer, params, slots, { 'x.weight': tf.zeros([2, 2]) }, 1, 0.1);
      return tf.max(tf.abs(params['x.weight']!)).dataSync()[0]!;
    };
    expect(norm(0)).toBe(2);
    expect(norm(0.5)).toBeLessThan(2);
  });
});

it('orthogonalizes: singular values end near 1, tall or wide', () => {
  for (const shape of [
    [4, 9],
    [9, 4],
  ] as const) {
    const x = orthogonalize(tf.randomNormal([...shape], 0, 1, 'float32', 3) as tf.Tensor2D);
    const gram = shape[0] < shape[1] ? tf.matMul(x, x, false, true) : tf.matMul(x, x, true, false);
    const trace = tf.sum(tf.mul(gram, tf.eye(4))).dataSync()[0]!;
    const offDiagonal = tf.max(tf.abs(tf.mul(gram, tf.sub(1, tf.eye(4))))).dataSync()[0]!;
    expect(trace / 4).toBeGreaterThan(0.5);
    expect(trace / 4).toBeLessThan(1.5);
    expect(offDiagonal).toBeLessThan(0.35);
  }
});

it('masks weight decay to matrices', () => {
  expect([[4, 4], [4], []].map((shape) => decays({ shape }))).toEqual([true, false, false]);
});
