import * as tf from '@tensorflow/tfjs-core';
import type { BatchKind, BatchKinds } from '../batches.ts';

/** One sequence of a sample batch, on the host. All arrays have one number per token. */
export interface SampleSequence {
  logProbs: number[];
  refLogProbs: number[];
  oldLogProbs: number[];
  mask: number[];
  /** The same for every token. */
  advantage: number;
  /** 0 or 1. */
  desirable: number;
}

/** One example: a sequence, or chosen and rejected for a pairwise batch. */
export type SampleExample = SampleSequence[];

/** Draws numbers in [0, 1): Mulberry32, enough for test inputs. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Random examples with sequences of unequal lengths, padded to `seq`.
 *
 * @param kind decides how many sequences an example has
 * @param logProbs draws one log-probability from a number in [0, 1); default: between −4 and 0
 */
export function sampleExamples(
  kind: BatchKind,
  { count = 5, seq = 6, seed = 1, logProbs = (draw: number) => -4 * draw } = {},
): SampleExample[] {
  const random = generator(seed);
  const tokens = (draw: () => number) => Array.from({ length: seq }, draw);
  const sequence = (): SampleSequence => {
    const length = 1 + Math.floor(random() * seq);
    return {
      logProbs: tokens(() => logProbs(random())),
      refLogProbs: tokens(() => logProbs(random())),
      oldLogProbs: tokens(() => logProbs(random())),
      mask: tokens(() => 0).map((_, t) => (t < length ? 1 : 0)),
      advantage: 4 * random() - 2,
      desirable: random() < 0.5 ? 0 : 1,
    };
  };
  return Array.from({ length: count }, () => (kind === 'pairwise' ? [sequence(), sequence()] : [sequence()]));
}

/** The totals of an optimizer step made of these examples. */
export function sampleTotals(examples: SampleExample[]): { tokens: number; examples: number } {
  const tokens = examples.flat().reduce((sum, { mask }) => sum + mask.reduce((a, b) => a + b, 0), 0);
  return { tokens, examples: examples.length };
}

/**
 * Builds the tensors of a batch around given policy log-probabilities.
 *
 * @param policy one `[batch, seq]` tensor per sequence of an example: one, or chosen and rejected
 */
export function sampleBatch<K extends BatchKind>(
  kind: K,
  examples: SampleExample[],
  policy: tf.Tensor2D[],
  step: { tokens: number; examples: number },
): BatchKinds[K] {
  const rows = (side: number, pick: (s: SampleSequence) => number[]) =>
    tf.tensor2d(examples.map((e) => pick(e[side]!)));
  const sequences = (side: number) => ({
    logProbs: policy[side]!,
    refLogProbs: rows(side, (s) => s.refLogProbs),
    mask: rows(side, (s) => s.mask),
  });
  const totals = { tokens: tf.scalar(step.tokens), examples: tf.scalar(step.examples) };
  const kinds: { [Kind in BatchKind]?: () => BatchKinds[Kind] } = {
    supervised: () => ({ ...sequences(0), totals }),
    pairwise: () => ({ chosen: sequences(0), rejected: sequences(1), totals }),
    unpaired: () => ({
      ...sequences(0),
      desirable: tf.tensor1d(examples.map((e) => e[0]!.desirable)),
      totals,
    }),
    rollout: () => ({
      ...sequences(0),
      oldLogProbs: rows(0, (s) => s.oldLogProbs),
      samplerLogProbs: rows(0, (s) => s.oldLogProbs.map((l, t) => l + 0.1 * ((t % 5) - 2))),
      entropy: tf.neg(policy[0]!),
      advantages: rows(0, (s) => s.mask.map(() => s.advantage)),
      returns: rows(0, (s) => s.mask.map((_, t) => s.advantage / (t + 1))),
      values: rows(0, (s) => s.oldLogProbs.map((l) => 1 + l)),
      oldValues: rows(0, (s) => s.refLogProbs.map((l) => 1 + l)),
      totals,
    }),
  };
  const make = kinds[kind] as (() => BatchKinds[K]) | undefined;
  if (!make) throw new Error(`no sample batch of kind ${kind} yet`);
  return make();
}
