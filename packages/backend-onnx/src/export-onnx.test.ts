import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { exportOnnx, useBackend } from './index.ts';

// The ordinary JavaScript API of ONNX Runtime, which nothing else here uses.
const ort = createRequire(import.meta.url)('onnxruntime-node') as {
  InferenceSession: {
    create(model: Uint8Array): Promise<{
      inputNames: string[];
      outputNames: string[];
      run(
        feeds: Record<string, unknown>,
      ): Promise<Record<string, { data: ArrayLike<number>; dims: number[] }>>;
    }>;
  };
  Tensor: new (type: string, data: ArrayLike<number>, dims: number[]) => unknown;
};

beforeAll(() => useBackend('onnx', { quiet: true }));

test('ONNX Runtime loads the file and computes the same', async () => {
  const w = tf.variable(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), true, 'layer.weight');
  const bias = tf.tensor1d([10, 20]);
  const fn = ({ x }: { x: tf.Tensor2D }, scale: tf.Scalar) => {
    const y = tf.mul(tf.add(tf.matMul(x, w), bias), scale);
    // The same input and the same weight under other shapes, an input passed on, and a result used twice.
    const flat = tf.sum(tf.mul(tf.reshape(x, [6]), tf.reshape(w, [6])));
    return { y, again: tf.reshape(y, [4]), flat, x };
  };
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const session = await ort.InferenceSession.create(exportOnnx(fn, [{ x }, 2]));
  expect(session.inputNames).toEqual(['x', 'input1']);
  expect(session.outputNames).toEqual(['y', 'again', 'flat', 'x_']);
  const outputs = await session.run({
    x: new ort.Tensor('float32', Float32Array.from(x.dataSync()), [2, 3]),
    input1: new ort.Tensor('float32', Float32Array.of(2), []),
  });
  const expected = fn({ x }, tf.scalar(2));
  for (const [name, tensor] of [
    ['y', expected.y],
    ['again', expected.again],
    ['flat', expected.flat],
    ['x_', x],
  ] as const) {
    expect([...(outputs[name]!.data as number[])]).toEqual([...tensor.dataSync()]);
    expect(outputs[name]!.dims).toEqual(tensor.shape);
  }
  w.dispose();
});

test('a function that assigns variables is refused', () => {
  const v = tf.variable(tf.scalar(1), true, 'state');
  const step = () => v.assign(tf.add(v, 1));
  expect(() => exportOnnx(step, [])).toThrow('exportOnnx: step assigns the variable state');
  v.dispose();
});

test('another backend is refused', async () => {
  await useBackend('cpu', { quiet: true });
  expect(() => exportOnnx(() => tf.scalar(1), [])).toThrow('exportOnnx needs the onnx backend, found cpu');
  await useBackend('onnx', { quiet: true });
});
