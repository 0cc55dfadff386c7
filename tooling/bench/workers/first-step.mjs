/** One training step of a small model in a fresh process; says so and ends. */
import { jit, useBackend } from '@attune/backend-onnx';
import { adamW } from '@attune/backend-onnx/ops';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

const { d, ffn, layers, heads, vocab, batch, seq } = JSON.parse(process.argv[2]);
await useBackend('onnx', { quiet: true });
const model = CausalLM.fromConfig(
  {
    model_type: 'llama',
    vocab_size: vocab,
    hidden_size: d,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: heads,
  },
  { seed: 0 },
);
const parameters = Object.values(model.params);
const moments = parameters.map((p) => [0, 1].map(() => tf.variable(tf.zeros(p.shape), false)));
const ids = Int32Array.from({ length: batch * seq }, (_, i) => (i * 7919) % vocab);
const train = jit((inputIds, labels, learningRate, step) => {
  const { value, grads } = tf.variableGrads(
    () => tf.neg(tf.mean(model.logProbs({ inputIds }, labels))),
    parameters,
  );
  parameters.forEach((p, i) => {
    const [m, v] = moments[i];
    const updated = adamW(p, grads[p.name], m, v, { learningRate, step });
    [p, m, v].forEach((variable, j) => {
      variable.assign(updated[j]);
    });
  });
  return value;
});
const inputs = [0, 1].map(() => tf.tensor2d(ids, [batch, seq], 'int32'));
const loss = train(...inputs, 1e-3, 1);
console.log(JSON.stringify({ loss: loss.dataSync()[0], afterStart: performance.now() }));
