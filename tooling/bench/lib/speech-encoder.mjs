/** A small speech encoder with its training step: log-mel frames in fours, transformer layers, a label for each. */
import { jit } from '@attune/backend-onnx';
import { adamW, attention, crossEntropy, gelu, layerNorm, linear } from '@attune/backend-onnx/ops';
import * as tf from '@tensorflow/tfjs-core';

const STACK = 4;
const LABELS = 64;

/** @param {{ bins: number, d: number, layers: number, heads: number }} sizes */
export function createSpeechEncoder({ bins, d, layers, heads }) {
  let seed = 0;
  const matrix = (rows, columns) =>
    tf.tidy(() =>
      tf.variable(tf.mul(tf.truncatedNormal([rows, columns], 0, 1, 'float32', ++seed), columns ** -0.5)),
    );
  const ones = () => tf.tidy(() => tf.variable(tf.ones([d])));
  const input = matrix(d, bins * STACK);
  const output = matrix(LABELS, d);
  const blocks = Array.from({ length: layers }, () => ({
    norm1: ones(),
    norm2: ones(),
    query: matrix(d, d),
    key: matrix(d, d),
    value: matrix(d, d),
    out: matrix(d, d),
    up: matrix(4 * d, d),
    down: matrix(d, 4 * d),
  }));
  const parameters = [input, output, ...blocks.flatMap(Object.values)];
  const moments = parameters.map((p) =>
    [0, 1].map(() => tf.tidy(() => tf.variable(tf.zeros(p.shape), false))),
  );

  const logits = (mel, mask) => {
    const [batch, frames] = mel.shape;
    let x = linear(mel, input);
    const split = (y) => tf.transpose(tf.reshape(y, [batch, frames, heads, d / heads]), [0, 2, 1, 3]);
    for (const block of blocks) {
      const y = layerNorm(x, block.norm1);
      const [q, k, v] = [block.query, block.key, block.value].map((weight) => split(linear(y, weight)));
      const mixed = tf.transpose(attention(q, k, v, { mask }), [0, 2, 1, 3]);
      x = tf.add(x, linear(tf.reshape(mixed, [batch, frames, d]), block.out));
      x = tf.add(x, linear(gelu(linear(layerNorm(x, block.norm2), block.up)), block.down));
    }
    return linear(x, output);
  };

  const train = jit(
    (mel, labels, learningRate, step) => {
      const [batch, frames] = labels.shape;
      const mask = tf.reshape(tf.notEqual(labels, tf.scalar(-100, 'int32')), [batch, 1, 1, frames]);
      const lossOf = () => tf.mean(crossEntropy(logits(mel, mask), labels));
      const { value, grads } = tf.variableGrads(lossOf, parameters);
      parameters.forEach((p, i) => {
        const [m, v] = moments[i];
        const updated = adamW(p, grads[p.name], m, v, { learningRate, step });
        [p, m, v].forEach((variable, j) => {
          variable.assign(updated[j]);
        });
      });
      return value;
    },
    { name: 'speech-encoder' },
  );

  let step = 0;
  return {
    /**
     * One training step on features of unequal length, padded to `frames`.
     * @param {{ data: Float32Array, frames: number, bins: number }[]} batch
     */
    step(batch, frames) {
      const length = Math.ceil(frames / STACK);
      const mel = new Float32Array(batch.length * length * STACK * bins);
      const labels = new Int32Array(batch.length * length).fill(-100);
      batch.forEach(({ data, frames: own }, i) => {
        mel.set(data, i * length * STACK * bins);
        // What is to be learned does not matter here: a label from the loudest bin of each fourth frame.
        for (let t = 0; t < Math.floor(own / STACK); t++) {
          let loudest = 0;
          const row = t * STACK * bins;
          for (let bin = 1; bin < LABELS; bin++) if (data[row + bin] > data[row + loudest]) loudest = bin;
          labels[i * length + t] = loudest;
        }
      });
      const inputs = [
        tf.tensor(mel, [batch.length, length, STACK * bins]),
        tf.tensor(labels, [batch.length, length], 'int32'),
      ];
      const loss = train(...inputs, 1e-4, ++step);
      const [value] = loss.dataSync();
      tf.dispose([...inputs, loss]);
      return value;
    },
  };
}
