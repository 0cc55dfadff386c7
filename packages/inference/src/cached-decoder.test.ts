import { dispose, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { tinyModel } from '../test/tiny-model.ts';
import { CachedDecoder, decoderOf } from './cached-decoder.ts';

await useTestBackend();

const model = tinyModel();
const prompts = [Array.from({ length: 45 }, (_, i) => (i * i) % 40), [1, 2], [3]];

/** `[vocab]` logits after a text, without any cache. */
function fresh(ids: readonly number[]): Float32Array {
  const inputIds = tensor2d([[...ids]], undefined, 'int32');
  return tidy(() => model.logits({ inputIds }, { keep: 1 }).dataSync()) as Float32Array;
}

function expectClose(found: Float32Array, wanted: Float32Array): void {
  expect(found.length).toBe(wanted.length);
  for (const [i, x] of found.entries()) expect(Math.abs(x - wanted[i]!)).toBeLessThan(1e-4);
}

it('feeds long prompts in stretches, short ones beside them', async () => {
  const decoder = new CachedDecoder(model, 16);
  const { logits, cache } = await decoder.prefill(prompts);
  for (const [row, prompt] of prompts.entries()) expectClose(decoder.row(logits, row), fresh(prompt));
  const next = await decoder.step(cache, [7, 8, 9, 0], [45, 2, 1, 0]);
  for (const [row, prompt] of prompts.entries()) {
    expectClose(decoder.row(next.logits, row), fresh([...prompt, 7 + row]));
  }
  decoder.release(next.cache);
});

it('selects, repeats and joins rows of caches and widens them', async () => {
  const decoder = new CachedDecoder(model);
  const first = await decoder.prefill(prompts);
  const second = await decoder.prefill([[5, 6]]);
  // The first cache has four rows: three prompts and one that is not used.
  const cache = await decoder.select([first.cache, second.cache], [4, 1, 1, 0], 128);
  const { logits, cache: rest } = await decoder.step(cache, [7, 8, 9, 10], [2, 2, 2, 45]);
  const texts = [
    [5, 6, 7],
    [1, 2, 8],
    [1, 2, 9],
    [...prompts[0]!, 10],
  ];
  for (const [row, text] of texts.entries()) expectClose(decoder.row(logits, row), fresh(text));
  decoder.release(rest);
});

it('is made once for a model, and anew when LoRA comes or goes', () => {
  const changing = tinyModel();
  const before = decoderOf(changing);
  expect(decoderOf(changing)).toBe(before);
  changing.lora = {} as never;
  expect(decoderOf(changing)).not.toBe(before);
  dispose(changing.params);
});
