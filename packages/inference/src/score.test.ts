import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { tinyModel } from '../test/tiny-model.ts';
import { generate } from './generate.ts';
import { scoreSequences } from './score.ts';

await useTestBackend();

const model = tinyModel();
const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11], [1, 1]];

it('scores what was generated as generation did, however it is batched', async () => {
  const generations = await generate(model, prompts, { n: 2, maxNewTokens: 12, seed: 3 });
  const sequences = generations.map(({ prompt, ids }) => ({
    ids: [...prompts[prompt]!, ...ids],
    from: prompts[prompt]!.length,
  }));
  const together = await scoreSequences(model, sequences);
  const apart = await scoreSequences(model, sequences, { batchTokens: 1 });
  for (const [i, { logProbs }] of generations.entries()) {
    expect(together[i]!.length).toBe(logProbs.length);
    for (const [t, p] of logProbs.entries()) {
      expect(Math.abs(together[i]![t]! - p)).toBeLessThan(1e-5);
      expect(Math.abs(apart[i]![t]! - p)).toBeLessThan(1e-5);
    }
  }
});

it('leaves no tensors behind', async () => {
  const before = memory().numTensors;
  await scoreSequences(model, [{ ids: [1, 2, 3], from: 1 }]);
  expect(memory().numTensors).toBe(before);
});

it.each([
  [{ ids: [1, 2], from: 0 }, 'sequence 0: from must be at least 1'],
  [{ ids: [1, 2], from: 2 }, 'below its 2 tokens, found 2'],
  [{ ids: new Array(66).fill(1), from: 1 }, "has 66 tokens, but the model's context holds 64"],
])('refuses what it cannot score', async (sequence, message) => {
  await expect(scoreSequences(model, [sequence])).rejects.toThrow(message);
});
