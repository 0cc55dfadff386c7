/**
 * The kernels against TensorFlow.js's `cpu` backend, the slow twin, where tfjs-core's own tests do not look:
 * types, NaN, empty tensors, ranks 0 to 6, sizes beyond what is baked into a graph; lazily and compiled.
 */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { jit } from '../jit.ts';
import { useBackend } from '../use-backend.ts';

type Run = () => tf.Tensor | tf.Tensor[];

interface Outcome {
  shape: number[];
  dtype: string;
  values: number[];
}

async function outcomes(backend: 'cpu' | 'onnx', run: Run): Promise<Outcome[]> {
  await useBackend(backend, { quiet: true });
  return tf.tidy(() =>
    [run()].flat().map((y) => ({ shape: y.shape, dtype: y.dtype, values: Array.from(y.dataSync()) })),
  );
}

function agree(name: string, run: Run, tolerance = 1e-5): void {
  test(name, async () => {
    const expected = await outcomes('cpu', run);
    const compiled = jit(run);
    compare(await outcomes('onnx', run), expected, tolerance);
    compare(await outcomes('onnx', compiled), expected, tolerance);
    compiled.dispose();
  });
}

function compare(actual: Outcome[], expected: Outcome[], tolerance: number): void {
  const kinds = (list: Outcome[]) => list.map(({ shape, dtype }) => ({ shape, dtype }));
  expect(kinds(actual)).toEqual(kinds(expected));
  for (const [i, { values }] of actual.entries()) {
    const wanted = expected[i]!.values;
    const wrong = values.findIndex((value, j) => !close(value, wanted[j]!, tolerance));
    if (wrong >= 0) expect.fail(`[${wrong}]: expected ${wanted[wrong]}, found ${values[wrong]}`);
  }
}

function close(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const ints = (values: number[]) => tf.tensor1d(values, 'int32');
const bools = (values: number[]) => tf.tensor1d(values, 'bool');

const UNARY = {
  abs: tf.abs,
  exp: tf.exp,
  isFinite: tf.isFinite,
  isInf: tf.isInf,
  isNaN: tf.isNaN,
  neg: tf.neg,
  relu: tf.relu,
  relu6: tf.relu6,
  round: tf.round,
  sign: tf.sign,
  square: tf.square,
};
const FLOAT_UNARY = {
  atan: tf.atan,
  ceil: tf.ceil,
  cos: tf.cos,
  elu: tf.elu,
  erf: tf.erf,
  expm1: tf.expm1,
  floor: tf.floor,
  leakyRelu: tf.leakyRelu,
  log1p: tf.log1p,
  logSigmoid: tf.logSigmoid,
  reciprocal: tf.reciprocal,
  rsqrt: tf.rsqrt,
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  sin: tf.sin,
  softplus: tf.softplus,
  sqrt: tf.sqrt,
  step: tf.step,
  tan: tf.tan,
  tanh: tf.tanh,
};
const SPECIAL = [nan, inf, -inf, 0, -0, 1e-30, -1e-6, 1e-4, 0.5, -0.5, 1.5, 2.5, -2.5, 30, -30, 88];

for (const [name, f] of Object.entries({ ...UNARY, ...FLOAT_UNARY })) {
  // TensorFlow.js approximates the error function with an error of 1.5e-7 and its exponential in float64.
  agree(`${name} of special numbers`, () => f(tf.tensor1d(SPECIAL)), 1e-5);
  agree(`${name} of a scalar, an empty and a six-dimensional tensor`, () => [
    f(tf.scalar(0.7)),
    f(tf.zeros([0, 3])),
    f(tf.abs(normal([1, 2, 1, 3, 1, 2], 1))),
  ]);
}
for (const [name, f] of Object.entries(UNARY)) agree(`${name} of int32`, () => f(ints([-3, 0, 5, 7])));

const BINARY = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
};
const pairs = SPECIAL.slice(0, 12).flatMap((a) => SPECIAL.slice(0, 12).map((b) => [a, b]));
for (const [name, f] of Object.entries({ ...BINARY, div: tf.div, mod: tf.mod })) {
  agree(`${name} of special numbers`, () =>
    f(tf.tensor1d(pairs.map(([a]) => a!)), tf.tensor1d(pairs.map(([, b]) => b!))),
  );
  agree(`${name} broadcasts ranks 0 to 6`, () => [
    f(tf.scalar(2), tf.scalar(3)),
    f(tf.zeros([0, 1]), tf.ones([1, 4])),
    f(normal([2, 1, 3], 1), normal([4, 1], 2)),
    f(normal([2, 1, 2, 1, 2, 3], 1), normal([3, 1, 3], 2)),
  ]);
  agree(`${name} of int32`, () => f(ints([7, -7, 7, -7, 0]), ints([2, 2, -2, -2, 3])));
}
// The cpu backend's sums of booleans are neither true nor false.
const { add: _add, sub: _sub, ...BINARY_OF_BOOL } = BINARY;
for (const [name, f] of Object.entries(BINARY_OF_BOOL)) {
  agree(`${name} of bool`, () => f(bools([0, 0, 1, 1]), bools([0, 1, 0, 1])));
}
agree('whole division rounds down', () => [
  tf.floorDiv(ints([7, -7, 2147483647]), ints([2, 2, 2])),
  tf.floorDiv(tf.tensor1d([0.6, -3.5]), tf.tensor1d([0.2, 2])),
]);
agree('division by the whole number 0 is harmless', () => [
  tf.floorDiv(ints([7, 0]), ints([0, 0])),
  tf.mod(ints([7, -7]), ints([0, 0])),
  tf.mod(ints([-2147483648, 5]), ints([-1, -1])),
]);
agree('powers of whole numbers', () => tf.pow(ints([2, -3, 5]), ints([10, 3, 0])));
agree('atan2 in all quadrants and on the axes', () =>
  tf.atan2(tf.tensor1d([1, 1, -1, -1, 0, 0, 1, -1, 0]), tf.tensor1d([1, -1, 1, -1, 1, -1, 0, 0, 0])),
);
agree('where of every type', () => [
  tf.where(bools([1, 0]), tf.tensor1d([1, nan]), tf.tensor1d([nan, 2])),
  tf.where(bools([1, 0]), ints([1, 2]), ints([3, 4])),
  tf.where(bools([1, 0]), bools([1, 0]), bools([0, 1])),
  tf.where(tf.tensor2d([[1], [0]], [2, 1], 'bool'), normal([2, 3], 1), tf.scalar(0)),
]);
agree('logic', () => [
  tf.logicalAnd(bools([0, 0, 1, 1]), bools([0, 1, 0, 1])),
  tf.logicalOr(bools([0, 0, 1, 1]), bools([0, 1, 0, 1])),
  tf.logicalXor(bools([0, 0, 1, 1]), bools([0, 1, 0, 1])),
  tf.logicalNot(bools([0, 1])),
]);

agree('casts', () => [
  tf.cast(tf.tensor1d([1.9, -1.9, 0]), 'int32'),
  tf.cast(tf.tensor1d([0, 0.5, -0.5, nan]), 'bool'),
  tf.cast(bools([0, 1]), 'float32'),
  tf.cast(ints([0, -5]), 'bool'),
]);

const REDUCTIONS = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min, prod: tf.prod };
for (const [name, f] of Object.entries(REDUCTIONS)) {
  agree(`${name} over any axes`, () => {
    const x = normal([2, 3, 4, 2], 1);
    return [f(x), f(x, 0), f(x, [1, 3]), f(x, -1, true), f(x, [0, 1, 2, 3], true), f(tf.scalar(3)), f(x, [])];
  });
  agree(`${name} of six dimensions`, () => f(normal([2, 1, 3, 2, 1, 2], 1), [1, 3, 5]));
  agree(`${name} of int32`, () => f(tf.tensor2d([1, -2, 3, 4], [2, 2], 'int32'), 1));
  agree(`${name} sees NaN`, () => [f(tf.tensor2d([1, nan, 3, 4], [2, 2]), 1), f(tf.tensor1d([nan, 1]))]);
}
agree('extrema of infinities', () => {
  const x = tf.tensor2d([inf, -inf, 1, -inf, -inf, 2], [2, 3]);
  return [tf.max(x, 1), tf.min(x, 1), tf.max(tf.tensor1d([3e38, 3e38])), tf.min(tf.tensor1d([-3e38, -3e38]))];
});
agree('sums over nothing', () => [
  tf.sum(tf.zeros([0, 3]), 0),
  tf.sum(tf.zeros([2, 0])),
  tf.prod(tf.zeros([0])),
]);
agree('all and any', () => {
  const x = tf.tensor2d([1, 1, 0, 1], [2, 2], 'bool');
  return [tf.all(x, 1), tf.any(x, 1), tf.all(x), tf.any(tf.zeros([3], 'bool'))];
});
agree('argMax and argMin take the first, and never a NaN', () => [
  tf.argMax(tf.tensor2d([1, 3, 3, 2, nan, 0], [2, 3]), 1),
  tf.argMin(tf.tensor2d([1, 0, 0, 2, nan, 3], [2, 3]), 1),
  tf.argMax(ints([2, 5, 5])),
  tf.argMax(bools([0, 1, 1])),
]);
agree('topk keeps the order of equal elements', () => {
  const { values, indices } = tf.topk(tf.tensor2d([3, 1, 3, 2, 0, 0, 0, 0], [2, 4]), 3);
  return [values, indices, tf.topk(ints([4, 9, 4]), 2).values];
});
agree('running sums and products', () => {
  const x = normal([3, 5, 2], 1);
  return [false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) => [
      tf.cumsum(x, 1, exclusive, reverse),
      tf.cumprod(x, 1, exclusive, reverse),
      tf.cumsum(ints([1, 2, 3]), 0, exclusive, reverse),
    ]),
  );
});

agree('matrix products of whole numbers, of nothing and with broadcast batches', () => [
  tf.matMul(
    tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'),
    tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'),
    true,
    true,
  ),
  tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])),
  tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])),
  tf.matMul(normal([2, 3, 4], 1), normal([1, 4, 2], 2)),
  tf.matMul(normal([5, 30], 1), normal([64, 30], 2), false, true),
  tf.matMul(normal([2, 4, 3], 1), normal([2, 5, 4], 2), true, true),
]);
agree('softmax of many, one and no row', () => [
  tf.softmax(normal([2, 3, 1000], 1)),
  tf.softmax(normal([7], 1)),
  tf.softmax(tf.zeros([0, 3])),
  tf.softmax(tf.tensor1d([1000, -1000, -inf])),
  tf.logSoftmax(tf.tensor1d([1000, -1000, 3])),
  tf.logSumExp(tf.tensor1d([1000, 999, -inf])),
]);

agree(
  'long ranges, fills and diagonals',
  () => [
    tf.range(0, 5000, 1, 'int32'),
    tf.range(10, -3000, -1, 'float32'),
    tf.range(0, 2, 0.25),
    tf.linspace(0, 1, 11),
    tf.fill([50, 50], 7, 'int32'),
    tf.ones([40, 40], 'bool'),
    tf.diag(normal([2, 3], 1)),
  ],
  1e-4,
);
agree('one-hot of any depth and type, out of range too', () => [
  tf.oneHot(ints([0, 2, -1, 5]), 3),
  tf.oneHot(tf.tensor2d([0, 1999], [1, 2], 'int32'), 2000),
  tf.oneHot(ints([1]), 2, 5, -5, 'float32'),
  tf.oneHot(ints([1]), 2, 1, 0, 'bool'),
]);
agree('slices of six dimensions, of nothing, backwards', () => {
  const x = normal([2, 3, 2, 3, 2, 3], 1);
  return [
    tf.slice(x, [0, 1, 0, 1, 0, 1], [1, 2, 2, 1, 2, 2]),
    tf.slice(normal([3, 4], 1), [1, 2], [0, 2]),
    tf.reverse(normal([3, 4], 1), [0, 1]),
    tf.reverse(tf.tensor1d([1, 0, 1], 'bool')),
    tf.stridedSlice(normal([5, 6], 1), [4, 0], [0, 6], [-2, 3]),
    tf.stridedSlice(normal([5], 1), [3], [-6], [-1]),
  ];
});
agree('joining and cutting', () => {
  const x = normal([4, 3], 1);
  return [
    tf.concat([x, tf.zeros([0, 3]), x], 0),
    tf.concat([bools([1]), bools([0, 1])]),
    tf.stack([x, x], 2),
    ...tf.unstack(x, 1),
    ...tf.split(x, [1, 3], 0),
    ...tf.split(tf.range(0, 4, 1, 'int32'), 2),
    tf.tile(x, [2, 3]),
    tf.tile(ints([1, 2]), [0]),
    tf.broadcastTo(tf.tensor2d([1, 2], [2, 1]), [3, 2, 4]),
    tf.pad(
      x,
      [
        [1, 0],
        [2, 3],
      ],
      9,
    ),
    tf.pad(bools([1, 1]), [[1, 1]]),
    tf.mirrorPad(
      x,
      [
        [2, 1],
        [1, 2],
      ],
      'reflect',
    ),
    tf.mirrorPad(
      x,
      [
        [2, 1],
        [1, 2],
      ],
      'symmetric',
    ),
    tf.transpose(normal([2, 3, 1, 2, 3], 1), [4, 0, 3, 2, 1]),
    tf.spaceToBatchND(
      normal([1, 4, 6, 2], 1),
      [2, 3],
      [
        [0, 0],
        [0, 0],
      ],
    ),
    tf.depthToSpace(normal([1, 2, 2, 8], 1) as tf.Tensor4D, 2),
  ];
});
agree('gathering along any axis, of any type, of nothing', () => {
  const x = normal([2, 4, 3], 1);
  const places = tf.tensor2d([3, 0, 1, 1], [2, 2], 'int32');
  return [
    tf.gather(x, places, 1),
    tf.gather(x, places, 1, 1),
    tf.gather(normal([2, 3, 4, 5], 1), places, 3, 1),
    tf.gather(x, tf.zeros([0], 'int32'), 2),
    tf.gather(bools([1, 0, 1]), ints([2, 1])),
    tf.gatherND(x, tf.tensor2d([1, 3, 0, 0], [2, 2], 'int32')),
  ];
});
agree('scattering adds up or overwrites', () => [
  tf.scatterND(tf.tensor2d([1, 3, 1], [3, 1], 'int32'), normal([3, 5], 1), [4, 5]),
  tf.scatterND(tf.tensor2d([1, 0, 1, 0], [2, 2], 'int32'), ints([3, 4]), [2, 3]),
  tf.tensorScatterUpdate(normal([4, 2], 1), tf.tensor2d([2, 0], [2, 1], 'int32'), normal([2, 2], 2)),
  tf.sparseToDense(ints([3, 1]), tf.tensor1d([1, 2]), [5], tf.scalar(-1)),
  tf.unsortedSegmentSum(normal([6, 3], 1), ints([0, 2, 2, -1, 7, 0]), 3),
  tf.bincount(ints([1, 1, 2, 9]), tf.tensor1d([0.5, 1, 2, 4]), 4),
  tf.denseBincount(tf.tensor2d([1, 1, 2, 0], [2, 2], 'int32'), [], 3, true),
]);

test('batches of matrices broadcast on either side', async () => {
  await useBackend('onnx', { quiet: true });
  const a = normal([2, 1, 3, 4], 1);
  const b = normal([5, 4, 2], 2);
  const repeated = tf.matMul(tf.tile(a, [1, 5, 1, 1]), tf.tile(tf.reshape(b, [1, 5, 4, 2]), [2, 1, 1, 1]));
  expect(tf.matMul(a, b).shape).toEqual([2, 5, 3, 2]);
  expect(tf.matMul(a, b).dataSync()).toEqual(repeated.dataSync());
});
