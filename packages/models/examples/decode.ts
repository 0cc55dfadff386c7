// Greedy decoding with a key-value cache; `@attune/inference` has sampling, batching and stop strings.
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('auto');
const sizes = { vocab_size: 100, hidden_size: 64, intermediate_size: 128 };
const depth = { num_hidden_layers: 2, num_attention_heads: 4 };
const model = CausalLM.fromConfig({ model_type: 'llama', ...sizes, ...depth }, { seed: 1 });

const tokens = [5, 17, 42];
let fresh = tokens; // what the cache has not seen
let cache = model.createCache(1, 32);
while (tokens.length < 12) {
  const inputIds = tf.tensor2d([fresh], [1, fresh.length], 'int32');
  const step = model.step({ inputIds, cache });
  const last = tf.slice(step.hidden, [0, fresh.length - 1, 0], [1, 1, -1]);
  fresh = [tf.argMax(model.project(last), 2).dataSync()[0]!];
  tokens.push(...fresh);
  cache = step.cache; // the old one is used up
}
console.log(tokens.join(' '));
