import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('auto');
const sizes = { vocab_size: 256, hidden_size: 64, intermediate_size: 128 };
const depth = { num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2 };
const model = CausalLM.fromConfig({ model_type: 'qwen3', ...sizes, ...depth }, { seed: 1 });

const bytes = [...new TextEncoder().encode('to be, or not to be, that is the question')];
const inputIds = tf.tensor2d([bytes.slice(0, -1)], undefined, 'int32');
const labels = tf.tensor2d([bytes.slice(1)], undefined, 'int32'); // the token after each
const loss = (): tf.Scalar => tf.neg(tf.mean(model.logProbs({ inputIds }, labels)));
const adam = tf.train.adam(0.01);
for (let step = 0; step < 20; step++) adam.minimize(loss, false, Object.values(model.trainable()));
console.log(`loss ${loss().dataSync()[0]!.toFixed(3)}, from ${Math.log(256).toFixed(3)}`);
model.save('my-model', { dtype: 'bfloat16' }); // config.json and model.safetensors
