// Loads a Hugging Face folder and prints what it thinks comes next:
//   node examples/next-token.ts <folder> <token id> <token id> ...
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

const [folder, ...ids] = process.argv.slice(2);
if (!folder || !ids.length) throw new Error('usage: next-token.ts <folder> <token id> ...');

await useBackend('auto');
const model = CausalLM.load(folder);
const inputIds = tf.tensor2d([ids.map(Number)], [1, ids.length], 'int32');
const logits = model.logits({ inputIds }, { keep: 1 });
const { values, indices } = tf.topk(tf.softmax(tf.reshape(logits, [-1])), 5);
const probabilities = values.dataSync();
indices.dataSync().forEach((id, i) => {
  console.log(`${String(id).padStart(7)}  ${(100 * probabilities[i]!).toFixed(2)} %`);
});
