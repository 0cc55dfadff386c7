/** Our own operators (`native/src`) against compositions of plain operations, and against themselves. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OnnxBackend } from '../backend.ts';
import { exportOnnx } from '../export-onnx.ts';
import { jit } from '../jit.ts';
import { useBackend } from '../use-backend.ts';
import { attentionComposition } from './attention.ts';
import { crossEntropyComposition } from './cross-entropy.ts';
import { swigluComposition } from './gated.ts';
import * as ops from './index.ts';
import { rmsNormComposition } from './rms-norm.ts';
import { type Data, evaluate, numbers, type TensorFunction, toTensor, worst } from './testing.ts';

type T4 = tf.Tensor4D;

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

const instructions = () => (tf.engine().findBackend('onnx') as OnnxBackend).runtime.native;

it('runs where a library is shipped', () => {
  const shipped =
    ['linux', 'darwin', 'win32'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch);
  if (shipped) expect(instructions()).toMatch(/^(avx2|avx512|amx|neon)$/);
  else expect(instructions()).toBeUndefined();
});

it('was compiled from the sources that are here', async () => {
  const { sourcesHash } = await import('../../native/sources-hash.mjs' as string);
  const compiled = readFileSync(new URL('../../native/bin/sources.sha256', import.meta.url), 'utf8').trim();
  expect(compiled, 'run `node native/build.mjs`').toBe(sourcesHash());
});

/** batch, heads, kvHeads, queries, keys, headDim */
type Sizes = [number, number, number, number, number, number];
const attention = ([b, h, hk, sq, sk, d]: Sizes, causal: boolean, spread = 1) => ({
  fused: ((q, k, v) => ops.attention(q as T4, k as T4, v as T4, { causal })) as TensorFunction,
  composition: ((q, k, v) => attentionComposition(q as T4, k as T4, v as T4, { causal })) as TensorFunction,
  inputs: [numbers([b, h, sq, d], 1, spread), numbers([b, hk, sk, d], 2, spread), numbers([b, hk, sk, d], 3)],
});

const cases: Record<string, { fused: TensorFunction; composition: TensorFunction; inputs: Data[] }> = {
  'attention, one query': attention([1, 1, 1, 1, 1, 16], true),
  'attention, one block exactly': attention([1, 2, 2, 64, 64, 16], true),
  'attention, ragged blocks': attention([2, 2, 1, 70, 70, 32], true),
  'attention, several blocks, not causal': attention([1, 2, 2, 130, 67, 16], false),
  'attention, the last queries of many keys': attention([1, 4, 2, 5, 90, 48], true),
  'attention, more queries than keys': attention([1, 2, 1, 100, 30, 16], true),
  'attention, large scores': attention([1, 2, 2, 66, 66, 16], true, 10),
  'attention, head of 80': attention([1, 1, 1, 66, 66, 80], true),
  'swiglu, one vector and a rest': {
    fused: (a, b) => ops.swiglu(a!, b!),
    composition: (a, b) => swigluComposition(a!, b!),
    inputs: [numbers([37]), numbers([37], 2)],
  },
  'swiglu, several tasks': {
    fused: (a, b) => ops.swiglu(a!, b!),
    composition: (a, b) => swigluComposition(a!, b!),
    inputs: [numbers([3, 11003], 1, 20), numbers([3, 11003], 2)],
  },
  'rmsNorm, fewer rows than parts': {
    fused: (x, w) => ops.rmsNorm(x!, w!),
    composition: (x, w) => rmsNormComposition(x!, w!),
    inputs: [numbers([3, 48]), numbers([48], 2)],
  },
  'rmsNorm, many rows': {
    fused: (x, w) => ops.rmsNorm(x!, w!),
    composition: (x, w) => rmsNormComposition(x!, w!),
    inputs: [numbers([67, 32], 1, 10), numbers([32], 2)],
  },
};

for (const [name, tokens, vocab, labelSmoothing] of [
  ['less than a vector', 3, 7, 0],
  ['vectors and a rest, smoothed', 5, 37, 0.2],
  ['several tasks', 70, 1030, 0],
] as const) {
  // Every third label is ignored, and the last logit is asked for.
  const labels = Array.from({ length: tokens }, (_, i) => (i % 3 === 1 ? -100 : vocab - 1 - (i % vocab)));
  const target = () => tf.tensor1d(labels, 'int32');
  cases[`crossEntropy, ${name}`] = {
    fused: (x) => ops.crossEntropy(x!, target(), { labelSmoothing }),
    composition: (x) => crossEntropyComposition(x!, target(), { labelSmoothing }),
    inputs: [numbers([tokens, vocab], 1, 5)],
  };
}

describe.each(Object.entries(cases))('%s', (_, { fused, composition, inputs }) => {
  it('equals its composition on the cpu backend, in value and gradients', () => {
    const expected = evaluate('cpu', composition, inputs);
    const actual = evaluate('onnx', fused, inputs);
    expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
    for (const [i, gradient] of expected.gradients.entries()) {
      expect(worst(actual.gradients[i]!, gradient), `gradient ${i}`).toBeLessThan(2e-5);
    }
  });

  it('gives the same bits every time', () => {
    const first = evaluate('onnx', fused, inputs);
    for (let i = 0; i < 5; i++) expect(evaluate('onnx', fused, inputs)).toEqual(first);
  });
});

it('lets NaN through', () => {
  const bad: Data = { ...numbers([1, 1, 3, 16]), values: numbers([1, 1, 3, 16]).values.with(20, Number.NaN) };
  const [k, v] = [numbers([1, 1, 3, 16], 2), numbers([1, 1, 3, 16], 3)];
  const causal: TensorFunction = (q, k, v) => ops.attention(q as T4, k as T4, v as T4, { causal: true });
  const rows = (x: Float32Array) =>
    [0, 1, 2].map((row) => x.slice(row * 16, row * 16 + 16).some(Number.isNaN));
  expect(rows(evaluate('onnx', causal, [bad, k, v]).value)).toEqual([false, true, false]);
  expect(rows(evaluate('onnx', causal, [k, bad, v]).value)).toEqual([false, true, true]);
  // Weight 0 does not hide it, here as in plain operations.
  expect(rows(evaluate('onnx', causal, [k, v, bad]).value)).toEqual([true, true, true]);
  const logits = { ...numbers([3, 20]), values: numbers([3, 20]).values.with(25, Number.NaN) };
  const labels = tf.tensor1d([1, 2, 3], 'int32');
  const losses = evaluate('onnx', (x) => ops.crossEntropy(x!, labels), [logits]);
  expect([...losses.value].map(Number.isNaN)).toEqual([false, true, false]);
  expect([...losses.gradients[0]!].map(Number.isNaN)).toEqual(
    Array.from({ length: 60 }, (_, i) => Math.floor(i / 20) === 1),
  );
  const gate: Data = { values: [1, Number.NaN, 3], shape: [3], dtype: 'float32' };
  const swiglu = evaluate('onnx', (a, b) => ops.swiglu(a!, b!), [gate, numbers([3])]);
  expect([...swiglu.value].map(Number.isNaN)).toEqual([false, true, false]);
});

it.each([20, -1, 1e6])('refuses a label outside of the vocabulary: %s', (label) => {
  tf.setBackend('onnx');
  const loss = () => ops.crossEntropy(tf.ones([3, 20]), tf.tensor1d([1, label, -100], 'int32')).dataSync();
  expect(loss).toThrow('a label is neither ignored nor an index of the vocabulary');
});

it('a length beyond the cache sees the whole cache, and nothing else', () => {
  tf.setBackend('onnx');
  const attend = (lengths: number[]) => {
    const part = (seed: number, length = 1) => toTensor(numbers([1, 1, length, 16], seed)) as T4;
    const [out] = ops.cachedAttention(
      part(1),
      part(2),
      part(3),
      part(4, 6),
      part(5, 6),
      tf.tensor1d(lengths, 'int32'),
    );
    return out.dataSync();
  };
  expect(attend([1_000_000])).toEqual(attend([6]));
  expect(attend([-3])).toEqual(attend([0]));
});

it('updates by Adam as its composition does, over the end of a vector, in place under jit', () => {
  const shape = [2, 8201];
  const scalars = { decay: 0.001, stepSize: 0.02, rootScale: 3, gradientScale: 0.5 };
  const constants = { beta1: 0.9, beta2: 0.99, eps: 1e-6 };
  const data = [numbers(shape), numbers(shape, 2), numbers(shape, 3), numbers(shape, 4)];
  data[3]!.values = data[3]!.values.map(Math.abs);
  const results = (['cpu', 'onnx'] as const).map((backend) => {
    tf.setBackend(backend);
    const [p, g, m, v] = data.map(toTensor).map((x) => tf.variable(x)) as tf.Variable[];
    const step = jit((gradient: tf.Tensor, s: Record<keyof typeof scalars, tf.Scalar>) => {
      const updated = ops.adamUpdate<tf.Tensor>(p!, gradient, m!, v!, s, constants);
      for (const [i, variable] of [p!, m!, v!].entries()) variable.assign(updated[i]!);
    });
    for (let i = 0; i < 3; i++) step(g!, scalars);
    return [p!, m!, v!].map((x) => Float32Array.from(x.dataSync()));
  });
  for (const [i, expected] of results[0]!.entries())
    expect(worst(results[1]![i]!, expected)).toBeLessThan(1e-6);
});

it('stays out of exported models', () => {
  tf.setBackend('onnx');
  const bytes = exportOnnx(
    (q: tf.Tensor) => ops.attention(q as T4, q as T4, q as T4),
    [tf.ones([1, 1, 4, 16])],
  );
  expect(Buffer.from(bytes).includes('Softmax')).toBe(true);
  expect(Buffer.from(bytes).includes('Attention')).toBe(false);
});
