import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { tinyModel } from '../test/tiny-model.ts';
import { embedSequences } from './embed.ts';

await useTestBackend();

const model = tinyModel();
const sequences = [[1, 2, 3], [4], Array.from({ length: 40 }, (_, i) => i % 11), [1, 1]];
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

it.each(['mean', 'last'] as const)('%s: length 1, the same however it is batched', async (pooling) => {
  const together = await embedSequences(model, sequences, { pooling });
  const apart = await embedSequences(model, sequences, { pooling, batchTokens: 1 });
  for (const [i, own] of together.entries()) {
    expect(dot(own, own)).toBeCloseTo(1, 5);
    expect(dot(own, apart[i]!)).toBeCloseTo(1, 5);
  }
  expect(dot(together[0]!, together[1]!)).toBeLessThan(0.99);
});

it('leaves no tensors behind', async () => {
  await embedSequences(model, sequences);
  const before = memory().numTensors;
  await embedSequences(model, sequences);
  expect(memory().numTensors).toBe(before);
});

it('refuses what it cannot embed', async () => {
  await expect(embedSequences(model, [[1], []])).rejects.toThrow('sequence 1 is empty');
  await expect(embedSequences(model, [new Array(65).fill(1)])).rejects.toThrow(
    "has 65 tokens, but the model's context holds 64",
  );
});
