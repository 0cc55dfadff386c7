/** Attention by spans: our own operator and the mask that stands in for it, against a mask made by hand. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../use-backend.ts';
import { attentionComposition } from './attention.ts';
import * as ops from './index.ts';
import { evaluate, numbers, type TensorFunction, worst } from './testing.ts';

type T4 = tf.Tensor4D;
type Span = [from: number, to: number, start: number];

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

/** A prefix and branches that share it, one after the other, from place `at`. */
function tree(at: number, prefix: number, branches: readonly number[]): Span[] {
  const own: Span[] = Array.from({ length: prefix }, () => [at, at, at]);
  let start = at + prefix;
  for (const length of branches) {
    own.push(...Array.from({ length }, (): Span => [at, at + prefix, start]));
    start += length;
  }
  return own;
}

/** Trees one after the other. */
function forest(...trees: [prefix: number, branches: number[]][]): Span[] {
  const row: Span[] = [];
  for (const [prefix, branches] of trees) row.push(...tree(row.length, prefix, branches));
  return row;
}

/** Any spans at all: every query draws its own. */
function drawn(seq: number, seed: number): Span[] {
  let state = seed;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return Array.from({ length: seq }, (_, i) => {
    const start = below(i + 1);
    const to = below(start + 1);
    return [below(to + 1), to, start];
  });
}

/** name → heads, kvHeads, headDim, rows of spans */
const cases: [string, number, number, number, Span[][]][] = [
  ['one token', 1, 1, 16, [forest([0, [1]])]],
  ['plain causal rows', 2, 1, 16, [forest([0, [70]]), forest([70, []])]],
  ['a prompt and two answers within a block', 2, 2, 32, [forest([7, [9, 12]])]],
  ['a prompt and several answers, over many blocks', 2, 1, 16, [forest([30, [64, 50, 64, 3, 64]])]],
  ['a long prompt far behind', 1, 1, 48, [forest([100, [90, 90, 90]])]],
  ['packed sequences without prompts', 2, 1, 16, [forest([0, [33]], [0, [100]], [0, [17]])]],
  [
    'several trees in each of two rows',
    2,
    1,
    16,
    [forest([20, [40, 41]], [33, [5, 51]]), forest([64, [64, 62]])],
  ],
  ['spans at random', 2, 2, 16, [drawn(150, 1), drawn(150, 2)]],
];

describe.each(cases)('%s', (_, heads, kvHeads, headDim, rows) => {
  const seq = rows[0]!.length;
  const inputs = [heads, kvHeads, kvHeads].map((count, i) =>
    numbers([rows.length, count, seq, headDim], i + 1),
  );
  const spans = () => tf.tensor3d(rows);
  const allowed = rows.flatMap((row) =>
    row.flatMap(([from, to, start], i) => row.map((_, j) => (j >= from && j < to) || (j >= start && j <= i))),
  );
  const mask = () => tf.tensor4d(allowed.map(Number), [rows.length, 1, seq, seq], 'bool');
  const bySpans: TensorFunction = (q, k, v) =>
    ops.attention(q as T4, k as T4, v as T4, { spans: tf.cast(spans(), 'int32') });
  const byMask: TensorFunction = (q, k, v) =>
    attentionComposition(q as T4, k as T4, v as T4, { mask: mask() });

  it('equals attention with a mask, in value and gradients, on both backends', () => {
    const expected = evaluate('cpu', byMask, inputs);
    for (const backend of ['onnx', 'cpu'] as const) {
      const actual = evaluate(backend, bySpans, inputs);
      expect(worst(actual.value, expected.value), backend).toBeLessThan(1e-5);
      for (const [i, gradient] of expected.gradients.entries())
        expect(worst(actual.gradients[i]!, gradient), `${backend}, gradient ${i}`).toBeLessThan(2e-5);
    }
  });

  it('gives the same bits every time', () => {
    const first = evaluate('onnx', bySpans, inputs);
    for (let i = 0; i < 3; i++) expect(evaluate('onnx', bySpans, inputs)).toEqual(first);
  });
});

it('is masked where heads do not fill vectors', () => {
  tf.setBackend('onnx');
  expect(ops.readsSpans(20)).toBe(false);
  const inputs = [1, 2, 3].map((seed) => numbers([1, 1, 9, 20], seed));
  const spans = () => tf.tensor3d([forest([3, [2, 4]])], undefined, 'int32');
  const f: TensorFunction = (q, k, v) => ops.attention(q as T4, k as T4, v as T4, { spans: spans() });
  const [actual, expected] = [evaluate('onnx', f, inputs), evaluate('cpu', f, inputs)];
  expect(worst(actual.value, expected.value)).toBeLessThan(1e-5);
});

describe('refuses', () => {
  const attend = (spans: Span[], more: object = {}) => {
    tf.setBackend('onnx');
    const x = tf.ones([1, 1, 3, 16]) as T4;
    return ops.attention(x, x, x, { spans: tf.tensor3d([spans], undefined, 'int32'), ...more }).dataSync();
  };
  const good: Span[] = [
    [0, 0, 0],
    [0, 1, 1],
    [0, 1, 1],
  ];

  it.each<[string, Span]>([
    ['keys after the query', [0, 0, 3]],
    ['a prefix that reaches into the rest', [0, 3, 2]],
    ['a prefix from before the row', [-1, 1, 1]],
    ['a prefix that ends before it begins', [1, 0, 1]],
  ])('%s', (_, bad) => {
    expect(() => attend(good.with(2, bad))).toThrow('a span reaches beyond its row');
  });

  it('what does not fit', () => {
    expect(() => attend(good.slice(1))).toThrow('spans must be [1, 3, 3]');
    expect(() => attend(good, { causal: true })).toThrow('leave causal and mask out');
    expect(attend(good)).toHaveLength(48);
  });
});
