import { tensor2d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { tinyModel } from '../test/tiny-model.ts';
import { generate } from './generate.ts';

await useTestBackend();

const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11]];
const model = tinyModel();
const other = tinyModel({ seed: 2 });

it('draws the likeliest token of the geometric mixture of two models', async () => {
  const weight = 0.4;
  const options = { maxNewTokens: 6, temperature: 0 };
  const found = await generate(model, prompts, { ...options, mixture: { model: other, weight } });
  for (const { prompt, ids } of found) {
    const all = [...prompts[prompt]!];
    for (const id of ids) {
      const inputIds = tensor2d([all], undefined, 'int32');
      const [a, b] = [model, other].map((m) => [...m.logits({ inputIds }, { keep: 1 }).dataSync()]);
      const mixed = a!.map((value, i) => (1 - weight) * value + weight * b![i]!);
      expect(id).toBe(mixed.indexOf(Math.max(...mixed)));
      all.push(id);
    }
  }
});

it('is the model alone at weight 0, the other at weight 1', async () => {
  const options = { maxNewTokens: 8, seed: 3, n: 2 };
  const ids = async (weight: number) =>
    (await generate(model, prompts, { ...options, mixture: { model: other, weight } })).map((g) => g.ids);
  expect(await ids(0)).toEqual((await generate(model, prompts, options)).map((g) => g.ids));
  expect(await ids(1)).toEqual((await generate(other, prompts, options)).map((g) => g.ids));
});

it('gives each prompt its own most tokens', async () => {
  const found = await generate(model, prompts, { maxNewTokensEach: [2, 5, 3], seed: 1 });
  expect(found.map(({ ids }) => ids.length)).toEqual([2, 5, 3]);
  await expect(generate(model, prompts, { maxNewTokensEach: [2] })).rejects.toThrow(
    'maxNewTokensEach must have an entry for each of 3 prompts, found 1',
  );
});
