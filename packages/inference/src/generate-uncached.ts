import type { CausalLM } from '@attune/models';
import { tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { Generation } from './generation-options.ts';
import { resolveSequenceOptions, type SequenceOptions } from './generation-options.ts';
import { checkPrompt } from './prompt.ts';
import { Sampler } from './sampler.ts';
import { Sequence } from './sequence.ts';

/**
 * The readable twin of `generate`: one sequence at a time, the whole text through the model again for each token.
 * Its samples are those of `generate`, at a cost that grows with the square of the length.
 */
export async function generateUncached(
  model: CausalLM,
  prompts: readonly (readonly number[])[],
  options: SequenceOptions & { n?: number; firstCounter?: number } = {},
): Promise<Generation[]> {
  const { vocab_size: vocabSize, max_position_embeddings: contextLength } = model.config;
  const { n = 1, firstCounter = 0 } = options;
  const resolved = resolveSequenceOptions(options, { vocabSize });
  const sampler = new Sampler(vocabSize);
  const generations: Generation[] = [];
  for (const [prompt, promptIds] of prompts.entries()) {
    checkPrompt(promptIds, { vocabSize, contextLength }, `prompt ${prompt}`);
    for (let sample = 0; sample < n; sample++) {
      const counter = firstCounter + prompt * n + sample;
      const sequence = new Sequence(promptIds, { prompt, sample, counter, contextLength }, resolved);
      while (!sequence.finishReason) {
        sequence.next(await lastLogits(model, [...promptIds, ...sequence.ids]), sampler);
      }
      generations.push(sequence.result());
    }
  }
  return generations;
}

/** Texts are padded to a multiple of this: what follows a token cannot change it, and few shapes are compiled. */
const PADDING = 32;

/** `[vocab]` logits of the token that follows. */
async function lastLogits(model: CausalLM, ids: number[]): Promise<Float32Array> {
  const padded = new Int32Array(Math.ceil(ids.length / PADDING) * PADDING);
  padded.set(ids);
  const logits = tidy(() => model.logits({ inputIds: tensor2d(padded, [1, padded.length]) }));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  const vocab = model.config.vocab_size;
  return values.slice((ids.length - 1) * vocab, ids.length * vocab);
}
