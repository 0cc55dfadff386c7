import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../use-backend.ts';
import { attentionComposition } from './attention.ts';
import { crossEntropyComposition } from './cross-entropy.ts';
import { swigluComposition } from './gated.ts';
import * as ops from './index.ts';
import { layerNormComposition } from './layer-norm.ts';
import { rmsNormComposition } from './rms-norm.ts';
import { rotaryComposition } from './rotary.ts';
import {
  centralDifferences,
  type Data,
  evaluate,
  fixed,
  numbers,
  type TensorFunction,
  toTensor,
  worst,
} from './testing.ts';

interface Case {
  fused: TensorFunction;
  /** The same in plain operations; missing where the operation itself is composed. */
  composition?: TensorFunction;
  inputs: Data[];
  /** Central differences are meaningless where numbers are extreme. */
  extreme?: boolean;
}

type T4 = tf.Tensor4D;
const [angles, rowAngles] = [numbers([1, 3, 2], 8), numbers([2, 3, 2], 9)];
const labels = fixed([2, -100, 0, 4, 1, 3], [2, 3]);
const attend =
  (
    f: typeof ops.attention,
    options: Omit<ops.AttentionOptions, 'mask' | 'bias'>,
    names: ('mask' | 'bias')[] = [],
  ) =>
  (...[q, k, v, ...rest]: tf.Tensor[]) =>
    f(q as T4, k as T4, v as T4, {
      ...options,
      ...Object.fromEntries(names.map((name, i) => [name, rest[i]])),
    });
const attentionCase = (
  [b, h, hk, sq, sk, d]: [number, number, number, number, number, number],
  options: Omit<ops.AttentionOptions, 'mask' | 'bias'>,
  extras: Partial<Record<'mask' | 'bias', Data>> = {},
  extreme = false,
): Case => {
  const names = Object.keys(extras) as ('mask' | 'bias')[];
  const spread = extreme ? 30 : 1;
  return {
    fused: attend(ops.attention, options, names),
    composition: attend(attentionComposition, options, names),
    inputs: [
      numbers([b, h, sq, d], 1, spread),
      numbers([b, hk, sk, d], 2, spread),
      numbers([b, hk, sk, d], 3),
      ...Object.values(extras),
    ],
    extreme: extreme || sq > 16,
  };
};
const someOf = (shape: number[], everyNth: number) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return fixed(
    Array.from({ length: size }, (_, i) => Number((i * 7 + 3) % everyNth !== 0)),
    shape,
    'bool',
  );
};

const cases: Record<string, Case> = {
  linear: {
    fused: (x, w, b) => ops.linear(x!, w!, b),
    inputs: [numbers([2, 3, 4]), numbers([5, 4], 2), numbers([5], 3)],
  },
  'linear of a vector': { fused: (x, w) => ops.linear(x!, w!), inputs: [numbers([4]), numbers([5, 4], 2)] },
  'embedding, repeated ids': {
    fused: (w, ids) => ops.embedding(ids!, w!),
    inputs: [numbers([4, 5]), fixed([1, 0, 1, 3, 1, 1], [2, 3])],
  },
  rmsNorm: {
    fused: (x, w) => ops.rmsNorm(x!, w!),
    composition: (x, w) => rmsNormComposition(x!, w!),
    inputs: [numbers([2, 3, 5]), numbers([5], 2)],
  },
  'rmsNorm, large and tiny rows': {
    fused: (x, w) => ops.rmsNorm(x!, w!, 1e-5),
    composition: (x, w) => rmsNormComposition(x!, w!, 1e-5),
    inputs: [
      {
        ...numbers([3, 8]),
        values: numbers([3, 8]).values.map((x, i) => x * [1e4, 1e-4, 0][Math.floor(i / 8)]!),
      },
      numbers([8], 2),
    ],
    extreme: true,
  },
  layerNorm: {
    fused: (x, w, b) => ops.layerNorm(x!, w!, b),
    composition: (x, w, b) => layerNormComposition(x!, w!, b),
    inputs: [numbers([2, 3, 5]), numbers([5], 2), numbers([5], 3)],
  },
  rotary: {
    fused: (x) => ops.rotary(x as T4, toTensor(angles), toTensor(angles)),
    composition: (x) => rotaryComposition(x as T4, toTensor(angles), toTensor(angles)),
    inputs: [numbers([2, 2, 3, 4])],
  },
  'rotary, positions of their own for each row': {
    fused: (x) => ops.rotary(x as T4, toTensor(rowAngles), toTensor(rowAngles)),
    composition: (x) => rotaryComposition(x as T4, toTensor(rowAngles), toTensor(rowAngles)),
    inputs: [numbers([2, 2, 3, 4])],
  },
  swiglu: {
    fused: (a, b) => ops.swiglu(a!, b!),
    composition: (a, b) => swigluComposition(a!, b!),
    inputs: [numbers([3, 7]), numbers([3, 7], 2)],
  },
  'swiglu, extreme': {
    fused: (a, b) => ops.swiglu(a!, b!),
    composition: (a, b) => swigluComposition(a!, b!),
    inputs: [{ ...numbers([5]), values: [-1000, -80, 0, 80, 1000] }, numbers([5], 2)],
    extreme: true,
  },
  geglu: { fused: (a, b) => ops.geglu(a!, b!), inputs: [numbers([3, 4]), numbers([3, 4], 2)] },
  'geglu, tanh': {
    fused: (a, b) => ops.geglu(a!, b!, 'tanh'),
    inputs: [numbers([3, 4]), numbers([3, 4], 2)],
  },
  attention: attentionCase([2, 4, 2, 3, 5, 8], { causal: true }),
  'attention, not causal': attentionCase([1, 2, 2, 5, 3, 4], { scale: 0.3 }),
  'attention, more queries than keys': attentionCase([1, 2, 1, 5, 3, 4], { causal: true }),
  'attention, mask with an empty row': attentionCase(
    [2, 2, 1, 3, 4, 4],
    {},
    { mask: fixed([1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1], [3, 4], 'bool') },
  ),
  'attention, causal, mask and bias': attentionCase(
    [2, 4, 2, 4, 4, 4],
    { causal: true },
    { mask: someOf([2, 1, 4, 4], 3), bias: numbers([1, 4, 1, 4], 7) },
  ),
  'attention, extreme scores': attentionCase([1, 2, 2, 6, 6, 8], { causal: true }, {}, true),
  'attention, ragged tiles': attentionCase(
    [1, 4, 2, 300, 310, 8],
    { causal: true },
    { bias: numbers([1, 4, 300, 310], 5) },
  ),
  'attention, ragged tiles and a mask': attentionCase(
    [2, 2, 2, 270, 270, 8],
    { causal: true },
    { mask: someOf([2, 1, 270, 270], 2) },
  ),
  crossEntropy: {
    fused: (x, y) => ops.crossEntropy(x!, y!),
    composition: (x, y) => crossEntropyComposition(x!, y!),
    inputs: [numbers([2, 3, 5]), labels],
  },
  'crossEntropy, smoothed': {
    fused: (x, y) => ops.crossEntropy(x!, y!, { labelSmoothing: 0.1 }),
    composition: (x, y) => crossEntropyComposition(x!, y!, { labelSmoothing: 0.1 }),
    inputs: [numbers([2, 3, 5]), labels],
  },
  'crossEntropy, extreme': {
    fused: (x, y) => ops.crossEntropy(x!, y!),
    composition: (x, y) => crossEntropyComposition(x!, y!),
    inputs: [numbers([2, 3, 5], 1, 200), labels],
    extreme: true,
  },
  linearCrossEntropy: {
    fused: (h, w, y) => ops.linearCrossEntropy(h!, w!, y!),
    inputs: [numbers([2, 3, 4]), numbers([5, 4], 2), labels],
  },
  'linearCrossEntropy in chunks': {
    fused: (h, w, y) => ops.linearCrossEntropy(h!, w!, y!, { chunk: 4, labelSmoothing: 0.1 }),
    inputs: [numbers([2, 3, 4]), numbers([5, 4], 2), labels],
  },
  dropout: { fused: (x) => ops.dropout(x!, 0.5, tf.scalar(3, 'int32')), inputs: [numbers([4, 5])] },
  checkpoint: {
    fused: ops.checkpoint((x: tf.Tensor, w: tf.Tensor) =>
      tf.tanh(tf.matMul(tf.sin(x) as tf.Tensor2D, w as tf.Tensor2D)),
    ) as never,
    inputs: [numbers([2, 3]), numbers([3, 2], 2)],
  },
};

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

for (const [name, { fused, composition = fused, inputs, extreme }] of Object.entries(cases)) {
  describe(name, () => {
    const reference = () => evaluate('cpu', composition, inputs);

    it('is the same on onnx as its composition on cpu, in value and gradients', () => {
      const expected = reference();
      const actual = evaluate('onnx', fused, inputs);
      expect(expected.value.every(Number.isFinite)).toBe(true);
      expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
      expected.gradients.forEach((gradient, i) => {
        expect(worst(actual.gradients[i]!, gradient), `gradient ${i}`).toBeLessThan(2e-5);
      });
    });

    if (composition !== fused) {
      it('is the same on onnx when composed', () => {
        const expected = reference();
        const actual = evaluate('onnx', composition, inputs);
        expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
        expected.gradients.forEach((gradient, i) => {
          expect(worst(actual.gradients[i]!, gradient), `gradient ${i}`).toBeLessThan(2e-5);
        });
      });
    }

    if (!extreme) {
      it('has the gradients of central differences', () => {
        const numeric = centralDifferences(composition, inputs);
        reference().gradients.forEach((gradient, i) => {
          if (gradient.every((x) => x === 0)) return;
          expect(worst(gradient, numeric[i]!), `gradient ${i}`).toBeLessThan(5e-3);
        });
      });
    }
  });
}
