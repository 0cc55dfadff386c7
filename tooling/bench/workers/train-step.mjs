/** Training steps of the decoder: forward, backward and AdamW in one compiled graph. */
import { jit, useBackend } from '@attune/backend-onnx';
import { adamW, crossEntropy } from '@attune/backend-onnx/ops';
import * as tf from '@tensorflow/tfjs-core';
import { createDecoder } from '../lib/decoder.mjs';
import { matmulLimit } from '../lib/matmul-limit.mjs';
import { serve } from '../lib/worker.mjs';

const sizes = JSON.parse(process.argv[2]);
await useBackend('onnx', { quiet: true, threads: sizes.threads, profile: process.env.ATTUNE_PROFILE });
const limit = sizes.measureLimit ? matmulLimit() : undefined;
const model = createDecoder(sizes);
const { batch, seq, vocab } = sizes;
const count = batch * seq;
const tokens = Int32Array.from({ length: count + 1 }, (_, i) => (i * 7919) % vocab);
const inputIds = tf.tensor2d(tokens.slice(0, count), [batch, seq], 'int32');
const labels = tf.tensor2d(tokens.slice(1), [batch, seq], 'int32');

const parameters = Object.values(model.params);
const moments = parameters.map((p) => [0, 1].map(() => tf.tidy(() => tf.variable(tf.zeros(p.shape), false))));
const train = jit(
  (ids, targets, learningRate, step) => {
    const lossOf = () => tf.mean(crossEntropy(model.logits({ inputIds: ids }), targets));
    const { value, grads } = tf.variableGrads(lossOf, parameters);
    parameters.forEach((p, i) => {
      const [m, v] = moments[i];
      const updated = adamW(p, grads[p.name], m, v, { learningRate, step, weightDecay: 0.01 });
      [p, m, v].forEach((variable, j) => {
        variable.assign(updated[j]);
      });
    });
    return value;
  },
  { name: 'train-step' },
);

let step = 0;
await serve(
  () => {
    const loss = train(inputIds, labels, 1e-3, ++step);
    const [value] = loss.dataSync();
    loss.dispose();
    return { loss: value };
  },
  { limit },
);
train.dispose();
