import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EncodedExample } from '../data/codec.ts';
import { precomputeReference } from './reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-reference-'));
beforeAll(() => useBackend('onnx', { quiet: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const model = () =>
  CausalLM.fromConfig(
    {
      model_type: 'llama',
      vocab_size: 7,
      hidden_size: 8,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
    },
    { seed: 4 },
  );
const sequence = (...ids: number[]) => ({
  ids: Int32Array.from(ids),
  mask: new Uint8Array(ids.length).fill(1),
});
const examples: EncodedExample[] = [
  { name: 'a', sequences: [sequence(1, 2, 3), sequence(1, 2, 4, 5, 6)] },
  { name: 'b', sequences: [sequence(3, 1), sequence(2, 6, 6, 1)] },
];
const options = { padId: 0, maxLength: 16, micro: 3 };

it("computes each sequence's log-probabilities once, and reads them from its file afterwards", async () => {
  const path = join(folder, 'reference.safetensors');
  const own = model();
  const reference = await precomputeReference(path, examples, () => own, options);
  for (const example of examples) {
    for (const [i, { ids }] of example.sequences.entries()) {
      const inputIds = tf.tensor2d([[...ids.slice(0, -1)]], undefined, 'int32');
      const labels = tf.tensor2d([[...ids.slice(1)]], undefined, 'int32');
      const alone = own.logProbs({ inputIds }, labels).dataSync();
      const found = reference(example)[i]!;
      expect(found).toHaveLength(alone.length);
      alone.forEach((value, t) => {
        expect(found[t]).toBeCloseTo(value, 5);
      });
    }
  }
  const never = () => {
    throw new Error('the model must not be needed');
  };
  const again = await precomputeReference(path, examples, never, options);
  for (const example of examples) expect(again(example)).toEqual(reference(example));
});

it('refuses a file of other data', async () => {
  const path = join(folder, 'reference.safetensors');
  expect(existsSync(path)).toBe(true);
  await expect(precomputeReference(path, examples.slice(1), model, options)).rejects.toThrow(
    /holds 10 log-probabilities, the data wants 4/,
  );
});
