import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import { trainBPE } from '@attune/tokenizer';

const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** A folder with a tiny random model, as training would leave it. Its answers are noise, but always the same. */
export async function tinyModelFolder({ contextLength = 128 } = {}): Promise<string> {
  await useBackend('auto', { quiet: true });
  const dir = mkdtempSync(join(tmpdir(), 'attune-tiny-'));
  const tokenizer = trainBPE(['the cat sat on the mat', 'hello there'], {
    vocabSize: 280,
    specialTokens: SPECIAL,
  });
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
  const config = {
    model_type: 'llama',
    vocab_size: tokenizer.vocabSize,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: contextLength,
    initializer_range: 0.4,
  } as const;
  CausalLM.fromConfig(config, { seed: 1 }).save(dir);
  return dir;
}
