/** Encoding, decoding and training with @attune/tokenizer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  fromTiktoken,
  SentencePiece,
  Tokenizer,
  trainBPE,
  trainUnigram,
} from '../../../packages/tokenizer/dist/index.js';
import { serve } from '../lib/worker.mjs';

const { task, data } = JSON.parse(process.argv[2]);
const texts = readdirSync(join(data, 'text'))
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => readFileSync(join(data, 'text', name), 'utf8'));

/** Cut by code units; the texts are ASCII. */
const chunks = texts.flatMap((text) =>
  Array.from({ length: Math.ceil(text.length / 20_000) }, (_, i) => text.slice(i * 20_000, (i + 1) * 20_000)),
);
const megabytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0) / 1e6;

const ranks = () => readFileSync(join(data, 'tokenizers/gpt2.tiktoken'), 'utf8');
const encodeAll = (tokenizer) => {
  let tokens = 0;
  for (const chunk of chunks) tokens += tokenizer.encodeIds(chunk).length;
  return tokens;
};

const tasks = {
  gpt2: () => encoding(fromTiktoken(ranks(), { pattern: 'gpt2' })),
  cl100k: () => encoding(fromTiktoken(ranks(), { pattern: 'cl100k' })),
  json: () => encoding(Tokenizer.fromJSON(JSON.stringify(fromTiktoken(ranks(), { pattern: 'gpt2' })))),
  sentencepiece: () =>
    encoding(SentencePiece.fromModel(readFileSync(join(data, 'tokenizers/sentencepiece_unigram_en.model')))),
  decode: () => {
    const tokenizer = fromTiktoken(ranks(), { pattern: 'gpt2' });
    const ids = chunks.map((chunk) => tokenizer.encodeIds(chunk));
    const tokens = ids.reduce((sum, each) => sum + each.length, 0);
    return {
      tokens,
      step() {
        // Comparing makes the engine lay out the text.
        const same = ids.every((each, i) => tokenizer.decode(each) === chunks[i]);
        if (!same) throw new Error('decoding does not undo encoding');
        return { tokens };
      },
    };
  },
  'train-bpe': () => training((lines) => trainBPE(lines, { vocabSize: 30_000 })),
  'train-unigram': () => training((lines) => trainUnigram(lines, { vocabSize: 8000 })),
};

function encoding(tokenizer) {
  return { tokens: encodeAll(tokenizer), step: () => ({ tokens: encodeAll(tokenizer) }) };
}

function training(train) {
  const math = readFileSync(join(data, 'math/gsm8k_train.jsonl'), 'utf8');
  const lines = [...texts, math].flatMap((text) => text.split(/(?<=\n)/));
  let runs = 0;
  // The protocol's warm-up would train three times for nothing.
  return { tokens: 0, step: () => (runs++ < 3 ? {} : { tokens: train(lines).vocabSize }) };
}

const { tokens, step } = tasks[task]();
await serve(step, { megabytes, tokens });
