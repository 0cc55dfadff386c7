/** Training with @attune/tokenizer on one thread. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bpeTraining,
  sentencePieceBpeTraining,
  trainAsync,
  unigramTraining,
} from '../../../packages/tokenizer/dist/index.js';
import { trainFiles } from '../../../packages/tokenizer/dist/node/index.js';
import { serveAsync } from '../lib/worker.mjs';

const { task, data, file } = JSON.parse(process.argv[2]);
const [, kind, size = '30000'] = /^(\D+?)(?:-(\d+))?$/.exec(task);
const training = () =>
  ({ bpe: bpeTraining, unigram: unigramTraining, 'sentencepiece-bpe': sentencePieceBpeTraining })[kind]({
    vocabSize: Number(size),
  });

const lines = file
  ? []
  : [
      ...readdirSync(join(data, 'text'))
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => join(data, 'text', name)),
      join(data, 'math/gsm8k_train.jsonl'),
    ].flatMap((path) => readFileSync(path, 'utf8').split(/(?<=\n)/));

// Without warm-up: people train once.
await serveAsync(async () => {
  const trained = await (file ? trainFiles([file], training()) : trainAsync(lines, training()));
  return { tokens: trained.vocabSize };
});
