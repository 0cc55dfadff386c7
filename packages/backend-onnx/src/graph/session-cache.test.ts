import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OnnxBackend } from '../backend.ts';
import { jit, memoryInfo, useBackend } from '../index.ts';

let backend: OnnxBackend;

beforeAll(async () => {
  await useBackend('onnx', { quiet: true, sessionCacheBytes: 50_000 });
  backend = tf.backend() as OnnxBackend;
});
afterAll(() => useBackend('onnx', { quiet: true }));

test('the least recently used session is released, and compiled again when needed', () => {
  const sum = (n: number) => tf.tidy(() => tf.sum(tf.exp(tf.zeros([n]))).dataSync()[0]);
  sum(1);
  const { misses } = backend.sessions;
  sum(1);
  expect(backend.sessions.misses).toBe(misses);
  for (let n = 2; n <= 20; n++) expect(sum(n)).toBe(n);
  expect(memoryInfo().sessionBytes).toBeLessThanOrEqual(50_000);
  expect(memoryInfo().sessions).toBeLessThan(20);
  sum(20);
  expect(backend.sessions.misses).toBe(misses + 19);
  sum(1);
  expect(backend.sessions.misses).toBe(misses + 20);
});

test('a compiled function outlives its session', () => {
  const f = jit((x: tf.Tensor) => tf.mul(x, 2));
  for (let n = 1; n <= 20; n++) expect(f(tf.ones([n])).shape).toEqual([n]);
  for (let n = 1; n <= 20; n++) expect(f(tf.ones([n])).dataSync()[0]).toBe(2);
  f.dispose();
});
