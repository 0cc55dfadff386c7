import { coupleStep, kto } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('cpu');
// The smallest policy: a table of logits, one answer of one token (of three) to each of four prompts.
const answers = tf.tensor2d([[0], [1], [0], [2]], [4, 1], 'int32');
const desirable = tf.tensor1d([1, 0, 1, 0]); // token 0 was liked, 1 and 2 were not
const reference = tf.fill<tf.Rank.R2>([4, 1], -Math.log(3));
let logits: tf.Tensor = tf.zeros([4, 3]);

const batchOf = (table: tf.Tensor, tokens: tf.Tensor) => ({
  logProbs: tf.sum(tf.mul(tf.logSoftmax(table), tf.oneHot(tf.squeeze(tokens), 3)), 1, true) as tf.Tensor2D,
  refLogProbs: reference,
  mask: tf.ones<tf.Rank.R2>([4, 1]),
});
const options = kto.options.parse({ beta: 0.5 });
const totals = { tokens: tf.scalar(4), examples: tf.scalar(4), desirable: tf.scalar(2) };
const mismatched = tf.reverse(answers, 0); // answers to other prompts, for the zero point

for (let step = 1; step <= 60; step++) {
  const batch = (table: tf.Tensor) => ({
    ...batchOf(table, answers),
    mismatched: batchOf(table, mismatched),
    desirable,
    totals,
  });
  const { batches } = coupleStep(kto, options, [batch(logits)]); // KL of the whole step, without a gradient
  const { coupled } = batches[0]!;
  const { value, grad } = tf.valueAndGrad((table) => kto.loss({ ...batch(table), coupled }, options).loss)(
    logits,
  );
  logits = tf.sub(logits, tf.mul(grad, 4));
  if (step % 30 === 0) {
    const liked = tf.mean(tf.slice(tf.softmax(logits), [0, 0], [4, 1])).dataSync()[0]!;
    console.log(`step ${step}: loss ${value.dataSync()[0]!.toFixed(3)}, liked token ${liked.toFixed(2)}`);
  }
}
