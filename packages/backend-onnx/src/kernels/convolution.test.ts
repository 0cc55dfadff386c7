/** Convolution, pooling, normalisation and resizing, with their gradients, against the `cpu` backend. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { centralDifferences, evaluate, numbers, type TensorFunction, worst } from '../ops/testing.ts';
import { useBackend } from '../use-backend.ts';

// biome-ignore lint/suspicious/noExplicitAny: tfjs wants the rank in the type; the shapes below say it.
type Any = any;

function agrees(name: string, f: (...xs: Any[]) => tf.Tensor, ...shapes: number[][]): void {
  test(name, async () => {
    await useBackend('onnx', { quiet: true });
    const data = shapes.map((shape, i) => numbers(shape, i + 1));
    const expected = evaluate('cpu', f as TensorFunction, data);
    const actual = evaluate('onnx', f as TensorFunction, data);
    expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
    actual.gradients.forEach((gradient, i) => {
      expect(worst(gradient, expected.gradients[i]!), `gradient of argument ${i}`).toBeLessThan(1e-5);
    });
  });
}

const EXPLICIT: Any = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

for (const pad of ['valid', 'same', 2, EXPLICIT]) {
  for (const stride of [1, 2, 3]) {
    agrees(
      `conv2d, stride ${stride}, padding ${pad}`,
      (x, w) => tf.conv2d(x, w, stride, pad),
      [2, 7, 8, 3],
      [3, 2, 3, 4],
    );
    agrees(
      `depthwiseConv2d, stride ${stride}, padding ${pad}`,
      (x, w) => tf.depthwiseConv2d(x, w, stride, pad),
      [2, 7, 7, 3],
      [3, 2, 3, 2],
    );
    agrees(`maxPool, stride ${stride}, padding ${pad}`, (x) => tf.maxPool(x, 3, stride, pad), [2, 7, 8, 3]);
  }
}
for (const rounding of ['floor', 'round', 'ceil'] as const) {
  agrees(
    `conv2d rounding by ${rounding}`,
    (x, w) => tf.conv2d(x, w, 2, 1, 'NHWC', 1, rounding),
    [1, 8, 7, 2],
    [3, 3, 2, 3],
  );
}
agrees('conv2d of single pixels', (x, w) => tf.conv2d(x, w, 1, 'same'), [2, 5, 4, 3], [1, 1, 3, 6]);
agrees(
  'conv2d with channels first',
  (x, w) => tf.conv2d(x, w, 2, 'same', 'NCHW'),
  [2, 3, 7, 8],
  [3, 2, 3, 4],
);
agrees('conv1d', (x, w) => tf.conv1d(x, w, 2, 'same'), [2, 9, 3], [3, 3, 5]);
agrees(
  'conv2dTranspose',
  (x, w) => tf.conv2dTranspose(x, w, [2, 8, 7, 3], 2, 'same'),
  [2, 4, 4, 5],
  [3, 3, 3, 5],
);
for (const stride of [1, 2] as const) {
  agrees(
    `conv3d, stride ${stride}`,
    (x, w) => tf.conv3d(x, w, stride, 'same'),
    [1, 4, 5, 6, 2],
    [2, 3, 2, 2, 3],
  );
  agrees(`maxPool3d, stride ${stride}`, (x) => tf.maxPool3d(x, 2, stride, 'same'), [1, 4, 5, 6, 2]);
}
agrees(
  'batchNorm',
  (x, mean, v, offset, scale) => tf.batchNorm(x, mean, tf.square(v), offset, scale, 0.1),
  [2, 3, 4, 5],
  [5],
  [5],
  [5],
  [5],
);
agrees('localResponseNormalization', (x) => tf.localResponseNormalization(x, 2, 1, 0.5, 0.6), [2, 3, 4, 7]);
for (const align of [false, true]) {
  for (const size of [
    [3, 9],
    [8, 2],
    [1, 1],
  ] as [number, number][]) {
    agrees(
      `resizeBilinear to ${size}, aligned: ${align}`,
      (x) => tf.image.resizeBilinear(x, size, align),
      [1, 4, 4, 2],
    );
    agrees(
      `resizeNearestNeighbor to ${size}, aligned: ${align}`,
      (x) => tf.image.resizeNearestNeighbor(x, size, align),
      [1, 4, 4, 2],
    );
  }
}

test('dilated convolution', async () => {
  const x = numbers([1, 9, 9, 2], 1);
  const w = numbers([3, 3, 2, 3], 2);
  const run = () =>
    [1, 2]
      .flatMap((dilation) => [
        tf.conv2d(
          tf.tensor(x.values, x.shape) as Any,
          tf.tensor(w.values, w.shape) as Any,
          1,
          'same',
          'NHWC',
          dilation,
        ),
        tf.depthwiseConv2d(
          tf.tensor(x.values, x.shape) as Any,
          tf.tensor(w.values, w.shape) as Any,
          1,
          'valid',
          'NHWC',
          dilation,
        ),
      ])
      .map((y) => y.dataSync() as Float32Array);
  await useBackend('cpu', { quiet: true });
  const expected = run();
  await useBackend('onnx', { quiet: true });
  run().forEach((y, i) => {
    expect(worst(y, expected[i]!)).toBeLessThan(1e-5);
  });
});

/** The cpu backend's gradient divides by the whole window even at the border, where its mean does not. */
test.each([
  ['avgPool', (x: Any) => tf.avgPool(x, 3, 2, 'same'), [1, 4, 5, 2]],
  ['avgPool3d', (x: Any) => tf.avgPool3d(x, 2, 2, 'same'), [1, 3, 4, 3, 1]],
] as const)('%s and its true gradient', async (_name, f, shape) => {
  await useBackend('onnx', { quiet: true });
  const data = [numbers([...shape], 1)];
  const expected = evaluate('cpu', f as TensorFunction, data);
  const actual = evaluate('onnx', f as TensorFunction, data);
  expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
  expect(worst(actual.gradients[0]!, centralDifferences(f as TensorFunction, data)[0]!)).toBeLessThan(1e-3);
});
