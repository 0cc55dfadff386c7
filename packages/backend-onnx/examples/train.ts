/** A linear layer fitted to y = 3x − 1: forward, backward and update are one compiled graph. */
import { jit, useBackend } from '@attune/backend-onnx';
import { linear } from '@attune/backend-onnx/ops';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('auto');
const weight = tf.variable(tf.zeros([1, 1]));
const bias = tf.variable(tf.zeros([1]));

const step = jit((x: tf.Tensor2D, y: tf.Tensor2D, rate: tf.Scalar) => {
  const loss = () => tf.mean(tf.squaredDifference(linear(x, weight, bias), y)) as tf.Scalar;
  const { value, grads } = tf.variableGrads(loss, [weight, bias]);
  for (const v of [weight, bias]) v.assign(tf.sub(v, tf.mul(grads[v.name]!, rate)));
  return value;
});

const x = tf.tensor2d([-1, 0, 1, 2], [4, 1]);
const y = tf.tensor2d([-4, -1, 2, 5], [4, 1]);
for (let i = 0; i < 200; i++) step(x, y, 0.1).dispose();
console.log(weight.dataSync()[0]!.toFixed(3), bias.dataSync()[0]!.toFixed(3)); // 3.000 -1.000
