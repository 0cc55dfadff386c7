import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CausalLM, mergeLora, saveAdapter, saveEmbeddingConfig } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { syncFolder } from './checkpoint/folders.ts';
import type { TextCodec } from './data/codec.ts';
import { fileError } from './errors.ts';
import type { ContrastiveSettings } from './loop/contrastive.ts';
import { writeParts } from './loop/contrastive-parts.ts';
import type { TrainState } from './loop/update.ts';

/**
 * Writes the result of a run, `model/`, complete or not at all: config.json, model.safetensors, tokenizer.json,
 * tokenizer_config.json with the chat template, and generation_config.json; after contrastive training the files of an
 * embedding model. LoRA is merged into the weights, and its
 * adapters stand alone in `model/adapter/`, a PEFT folder.
 * @returns the folder
 */
export function exportModel(
  run: string,
  model: CausalLM,
  state: TrainState,
  codec: TextCodec,
  contrastive?: ContrastiveSettings,
): string {
  const path = join(run, 'model');
  const temporary = join(run, '.writing-model');
  const before = swapInAverage(state);
  const copy = model.lora ? model.clone() : model;
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    if (model.lora) {
      saveAdapter(model, join(temporary, 'adapter'));
      mergeLora(copy);
    }
    copy.save(temporary);
    writeTextFiles(temporary, model, codec);
    if (contrastive) writeEmbeddingFiles(temporary, model, contrastive);
    if (existsSync(path)) rmSync(path, { recursive: true });
    renameSync(temporary, path);
    syncFolder(run);
    return path;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw fileError(
      error,
      `cannot write the model ${path}`,
      'The last checkpoint is intact; make room and repeat with --resume',
    );
  } finally {
    if (copy !== model) copy.dispose();
    before?.();
  }
}

/**
 * Puts the moving average in the place of the weights, where one is kept.
 * @returns a function that puts the weights back; undefined when there is no average
 */
export function swapInAverage({ params, average }: TrainState): (() => void) | undefined {
  if (Object.keys(average).length === 0) return undefined;
  const saved = Object.entries(params).map(
    ([name, param]) => [param, tf.clone(param), average[name]!] as const,
  );
  for (const [param, , mean] of saved) param.assign(mean);
  return () => {
    for (const [param, own] of saved) {
      param.assign(own);
      own.dispose();
    }
  };
}

/** An embedding model: what `sentence-transformers` reads, and what was learned beside the model. */
function writeEmbeddingFiles(folder: string, model: CausalLM, { pooling, parts }: ContrastiveSettings): void {
  const { max_position_embeddings: maxLength, hidden_size: width } = model.config;
  saveEmbeddingConfig(folder, { pooling, maxLength }, width);
  writeParts(folder, parts);
}

function writeTextFiles(
  folder: string,
  model: CausalLM,
  { tokenizer, template, eosId, padId }: TextCodec,
): void {
  const write = (name: string, value: object) =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  const token = (id: number | undefined) => (id === undefined ? undefined : tokenizer.idToToken(id));
  write('tokenizer.json', tokenizer.toJSON());
  write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: model.config.max_position_embeddings,
    eos_token: token(eosId),
    pad_token: token(padId),
    chat_template: template?.source,
  });
  write('generation_config.json', { eos_token_id: eosId, pad_token_id: padId });
}
