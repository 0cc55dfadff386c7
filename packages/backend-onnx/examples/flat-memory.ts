/**
 * Trains a small network for 2,000 steps, once lazily and once compiled, and shows that neither tensors, buffers nor
 * the process grow: `node --conditions=@attune/source examples/flat-memory.ts [steps]`. Exits with 1 when they do.
 */
import { jit, memoryInfo, useBackend } from '@attune/backend-onnx';
import { adamW, rmsNorm } from '@attune/backend-onnx/ops';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('onnx', { quiet: true });
const steps = Number(process.argv[2] ?? 2000);
/** Growth of the process that counts as flat: V8's heap breathes. */
const TOLERANCE_MB = 24;

const shapes = [[128, 256], [256], [256, 128]];
const make = (fill: (shape: number[]) => tf.Tensor) =>
  shapes.map((shape) => tf.tidy(() => tf.variable(fill(shape))));
const params = make((shape) => tf.randomUniform(shape, -0.1, 0.1, 'float32', 1));
const [first, second] = [make(tf.zeros), make(tf.zeros)];

function train(x: tf.Tensor2D, step: tf.Scalar, learningRate: tf.Scalar): tf.Scalar {
  const loss = () => {
    const hidden = rmsNorm(tf.matMul(x, params[0] as tf.Tensor2D), params[1]!);
    return tf.mean(tf.square(tf.sub(tf.matMul(tf.tanh(hidden), params[2] as tf.Tensor2D), x))) as tf.Scalar;
  };
  const { value, grads } = tf.variableGrads(loss, params);
  for (const [i, p] of params.entries()) {
    const [m, v] = [first[i]!, second[i]!];
    const [newP, newM, newV] = adamW(p as tf.Tensor, grads[p.name]!, m, v, { learningRate, step });
    p.assign(newP);
    m.assign(newM);
    v.assign(newV);
  }
  return value;
}

function counts(): Record<string, number> {
  const { liveBuffers, freeBytes, sessions, arenaBytes } = memoryInfo();
  return { tensors: tf.memory().numTensors, liveBuffers, freeBytes, sessions, arenaBytes };
}

const compiled = jit(train);
const ways = {
  lazy: (x: tf.Tensor2D, i: number) => train(x, tf.scalar(i), tf.scalar(1e-3)),
  compiled: (x: tf.Tensor2D, i: number) => compiled(x, i, 1e-3),
};

let grew = false;
for (const [name, way] of Object.entries(ways)) {
  let before: { counts: string; rss: number } | undefined;
  for (let i = 1; i <= steps; i++) {
    const loss = tf.tidy(() => way(tf.randomUniform([16, 128], -1, 1), i).dataSync()[0]!);
    if (i % Math.ceil(steps / 10) !== 0) continue;
    const now = { counts: JSON.stringify(counts()), rss: process.memoryUsage().rss / 2 ** 20 };
    console.log(`${name} step ${i}: loss ${loss.toFixed(4)}, rss ${now.rss.toFixed(0)} MB, ${now.counts}`);
    before ??= now;
    grew ||= now.counts !== before.counts || now.rss > before.rss + TOLERANCE_MB;
  }
}
console.log(grew ? 'memory grew' : 'memory is flat');
process.exitCode = grew ? 1 : 0;
