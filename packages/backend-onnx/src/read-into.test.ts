import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { memoryInfo } from './memory-info.ts';
import { readInto } from './read-into.ts';
import { useBackend } from './use-backend.ts';

test.each(['onnx', 'cpu'] as const)(
  'copies values that are pending, computed or given, on %s',
  async (name) => {
    await useBackend(name, { quiet: true });
    const given = tf.tensor1d([1, 2, 3]);
    const pending = tf.mul(given, 2);
    const target = new Float32Array(3);
    for (const [x, expected] of [
      [pending, [2, 4, 6]],
      [pending, [2, 4, 6]],
      [given, [1, 2, 3]],
    ] as const) {
      await readInto(x, target);
      expect([...target]).toEqual(expected);
    }
    const whole = new Int32Array(2);
    await readInto(tf.tensor1d([7, 8], 'int32'), whole);
    expect([...whole]).toEqual([7, 8]);
  },
);

test('the memory is used again, and what was read stays', async () => {
  await useBackend('onnx', { quiet: true });
  const target = new Float32Array(50_000);
  const x = tf.add(tf.fill([50_000], 3), 1);
  await readInto(x, target);
  const { freeBytes } = memoryInfo();
  x.dispose();
  expect(memoryInfo().freeBytes).toBe(freeBytes + 200_000);
  const y = tf.add(tf.fill([50_000], 5), 1);
  expect(y.dataSync()[0]).toBe(6);
  expect(target.every((value) => value === 4)).toBe(true);
});

test('says what the target must be', async () => {
  await useBackend('onnx', { quiet: true });
  const x = tf.tensor1d([1, 2, 3]);
  await expect(readInto(x, new Float32Array(2))).rejects.toThrow(
    'must hold 3 numbers of float32, found 2 of float32',
  );
  await expect(readInto(x, new Int32Array(3))).rejects.toThrow('found 3 of int32');
});
