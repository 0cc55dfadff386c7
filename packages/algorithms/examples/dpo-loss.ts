import { dpo, dpoLoss } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('cpu');
const answer = (logProbs: number[], refLogProbs: number[]) => ({
  logProbs: tf.tensor2d([logProbs]), // [batch, seq], under the policy
  refLogProbs: tf.tensor2d([refLogProbs]), // under the reference
  mask: tf.tensor2d([[1, 1, 0]]), // the third token is padding
});
const chosen = answer([-0.9, -1.1, 0], [-1.0, -1.2, 0]);
const rejected = answer([-2.1, -1.9, 0], [-2.0, -1.6, 0]);
const totals = { tokens: tf.scalar(4), examples: tf.scalar(1) };

const { loss, metrics } = dpoLoss({ chosen, rejected, totals }, dpo.options.parse({ beta: 0.5 }));
console.log(`loss ${loss.dataSync()[0]!.toFixed(4)}, accuracy ${metrics['rewards/accuracy']!.dataSync()[0]}`);
