/** Greedy decoding with a key-value cache: a prompt, then one token for every row of the batch at each step. */
import { jit, useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { createDecoder } from '../lib/decoder.mjs';
import { serve } from '../lib/worker.mjs';

const { context, prompt, batch, tokensPerStep, threads, ...sizes } = JSON.parse(process.argv[2]);
await useBackend('onnx', { quiet: true, threads });
const model = createDecoder(sizes);
const feed = jit(
  (inputIds, cache) => {
    const seq = inputIds.shape[1];
    const { hidden, cache: next } = model.step({ inputIds, cache });
    const last = tf.slice(hidden, [0, seq - 1, 0], [batch, 1, sizes.d]);
    return { ids: tf.argMax(model.project(last), -1), cache: next };
  },
  { name: 'decode' },
);

const promptIds = tf.tensor2d(
  Int32Array.from({ length: batch * prompt }, (_, i) => (i * 7919) % sizes.vocab),
  [batch, prompt],
  'int32',
);
let state;
let used = context;

/** Decodes `tokensPerStep` tokens; begins anew with the prompt, unmeasured by the tokens' count, when the context is full. */
function step() {
  if (used + tokensPerStep > context) restart();
  const start = performance.now();
  for (let i = 0; i < tokensPerStep; i++) advance(state.ids);
  used += tokensPerStep;
  const ids = [...state.ids.dataSync()];
  return { tokensPerSecond: (1e3 * tokensPerStep * batch) / (performance.now() - start), ids };
}

function restart() {
  if (state) tf.dispose(state);
  state = { ids: promptIds.clone(), cache: model.createCache(batch, context) };
  advance(state.ids);
  used = prompt;
}

function advance(inputIds) {
  const next = feed(inputIds, state.cache);
  tf.dispose(state);
  state = next;
}

await serve(step);
