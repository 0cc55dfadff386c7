import { availableParallelism } from 'node:os';
import { getBackend, sum, tensor } from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { useBackend } from './use-backend.ts';

afterEach(() => vi.unstubAllEnvs());

test.each(['onnx', 'wasm', 'cpu'] as const)('%s computes', async (name) => {
  const info = await useBackend(name, { quiet: true });
  expect(info.name).toBe(name);
  expect(getBackend()).toBe(name);
  expect(sum(tensor([1, 2, 3])).dataSync()[0]).toBe(6);
});

test('auto obeys ATTUNE_BACKEND, and takes onnx without it', async () => {
  vi.stubEnv('ATTUNE_BACKEND', 'cpu');
  expect((await useBackend('auto', { quiet: true })).name).toBe('cpu');
  vi.stubEnv('ATTUNE_BACKEND', undefined);
  expect((await useBackend('auto', { quiet: true })).name).toBe('onnx');
});

test('says in one line what it chose', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await useBackend('onnx');
  expect(write.mock.calls.map(([line]) => line)).toEqual([
    expect.stringMatching(/^backend onnx: ONNX Runtime 1\.\d+\.\d+, cpu, \d+ threads?(, \w+ kernels)?\n$/),
  ]);
  write.mockRestore();
});

test('errors name what is missing', async () => {
  await expect(useBackend('tensorflow')).rejects.toThrow(
    /The tensorflow backend needs the package @tensorflow\/tfjs-node, which/,
  );
  await expect(useBackend('cuda' as 'cpu')).rejects.toThrow(
    'backend: expected one of auto, onnx, tensorflow, wasm, cpu, found cuda',
  );
  await expect(useBackend('onnx', { provider: 'coreml' })).rejects.toThrow(
    /The coreml execution provider is not available here: it needs macOS/,
  );
});

test('the number of threads can be changed, and computed tensors survive that', async () => {
  const x = sum(tensor([1, 2]));
  for (const threads of [1, 2, undefined]) {
    const { description } = await useBackend('onnx', { quiet: true, threads });
    expect(description).toContain(`${threads ?? availableParallelism()} thread`);
    expect(sum(x).dataSync()[0]).toBe(3);
  }
});

test('tensors survive a switch of backends', async () => {
  await useBackend('cpu', { quiet: true });
  const x = tensor([1, 2]);
  await useBackend('onnx', { quiet: true });
  const y = sum(x);
  await useBackend('cpu', { quiet: true });
  expect(sum(y).dataSync()[0]).toBe(3);
});
