// A loop of your own around GRPO: the policy is a table of logits for answers of one token out of four, and the reward
// says how good each token is. Advantages come from groups of answers, the loss from what the policy says of them now.
import { grpo } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('cpu');
const worth = [0, 0.2, 1, 0.5];
const [prompts, groupSize] = [4, 8];
const options = grpo.options.parse({});
const policy = tf.variable(tf.zeros([worth.length]));

for (let step = 0; step <= 20; step++) {
  const now = tf.logSoftmax(policy as tf.Tensor1D);
  const answers = tf.multinomial(now as tf.Tensor1D, prompts * groupSize, step + 1, false).dataSync();
  const rewards = Float32Array.from(answers, (token) => worth[token]!);
  const said = now.dataSync();
  const logProbs = Array.from(answers, (token) => Float32Array.of(said[token]!));
  if (step % 10 === 0)
    console.log(`step ${step}: mean reward ${(rewards.reduce((a, b) => a + b) / rewards.length).toFixed(2)}`);

  const { advantages } = grpo.advantages!({ rewards, groupSize, logProbs, maxTokens: 1 }, options);
  const column = (rows: readonly Float32Array[]) => tf.tensor2d(rows.map((row) => [row[0]!]));
  const { grads } = tf.variableGrads(() => {
    const chosen = tf.gather(tf.logSoftmax(policy as tf.Tensor1D), tf.tensor1d([...answers], 'int32'));
    const batch = {
      logProbs: tf.expandDims(chosen, 1) as tf.Tensor2D,
      oldLogProbs: column(logProbs),
      advantages: column(advantages),
      mask: tf.ones([answers.length, 1]) as tf.Tensor2D,
      totals: { tokens: tf.scalar(answers.length), examples: tf.scalar(answers.length) },
    };
    return grpo.loss(batch, options).loss;
  });
  policy.assign(tf.sub(policy, tf.mul(grads[policy.name]!, 2)));
}
