import * as tf from '@tensorflow/tfjs-core';
import type { BatchKind, BatchKinds } from '../batches.ts';
import type { Needs } from '../definition.ts';
import { type SampleDraws, sampleFields } from './sample-fields.ts';

/** What one field of a batch holds for one example. */
export type SampleValue = number | number[] | number[][];

/** One example on the host: what each field of its batch holds for it, by path, e.g. `chosen.logProbs`. */
export type SampleExample = Record<string, SampleValue>;

/** The examples of a step, and what they share (adapter parameters, learned scalars), by path. */
export interface SampleStep {
  examples: SampleExample[];
  shared: SampleExample;
}

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

/** How a sample step is drawn. */
export interface SampleOptions {
  count?: number;
  seq?: number;
  seed?: number;
  /** Draws one log-probability from a number in [0, 1); default: between −4 and 0. */
  logProb?: (draw: number) => number;
  /** Draws one score or logit from a number in [0, 1); default: between −2 and 2. */
  score?: (draw: number) => number;
  /** Draws the length of a sequence, up to `seq`; default: from 1. */
  length?: (draw: number, seq: number) => number;
}

/** A random step with sequences of unequal lengths, padded to `seq`, that holds what `needs` asks for. */
export function sampleStep(
  kind: BatchKind,
  needs: Needs,
  {
    count = 5,
    seq = 6,
    seed = 1,
    logProb = (draw) => -4 * draw,
    score = (draw) => 4 * draw - 2,
    length = (draw) => 1 + Math.floor(draw * seq),
  }: SampleOptions = {},
): SampleStep {
  const random = generator(seed);
  const draws: SampleDraws = {
    seq,
    random,
    logProb: () => logProb(random()),
    score: () => score(random()),
    length: () => length(random(), seq),
  };
  const shared: SampleExample = needs.adapter
    ? { 'adapter.a': [score(random()), score(random())], 'adapter.b': [score(random())] }
    : {};
  for (const [name, value] of Object.entries(needs.scalars ?? {})) shared[`scalars.${name}`] = value;
  return { examples: Array.from({ length: count }, () => sampleFields[kind](needs, draws)), shared };
}

/** Fields that differ from all others in having no place per token. */
const notPerToken = new Set(['ratings', 'present', 'left', 'right']);

/** Whether a field has one place per token. */
export function isPerToken(path: string, value: SampleValue): boolean {
  return Array.isArray(value) && !notPerToken.has(lastPart(path));
}

/** Whether a loss is differentiated by a field. */
export function isLeaf(path: string): boolean {
  return (
    path.startsWith('adapter.') ||
    path.startsWith('scalars.') ||
    ['logProbs', 'scores', 'logits', 'entropy', 'values', 'left', 'right'].includes(lastPart(path))
  );
}

/** Whether a field says which tokens count. */
export function isMask(path: string): boolean {
  return ['mask', 'stepMask', 'present'].includes(lastPart(path));
}

export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The totals of an optimizer step made of these examples, by name; those of batches beside a rollout by path. */
export function sampleTotals(kind: BatchKind, examples: SampleExample[]): Record<string, number> {
  const sum = (pick: (path: string) => boolean) =>
    examples
      .flatMap((example) => Object.entries(example).filter(([path]) => pick(path)))
      .flatMap(([, value]) => value as number | number[])
      .reduce<number>((total, value) => total + (value as number), 0);
  // Beside a rollout, other batches have totals of their own.
  const own = (name: string) => (path: string) =>
    lastPart(path) === name && !/^(supervised|pairwise|mismatched|corrupted)\./.test(path);
  const beside = (name: string) => {
    const tokens = sum((path) => path.startsWith(`${name}.`) && lastPart(path) === 'mask');
    return tokens > 0
      ? { [`${name}.totals.tokens`]: tokens, [`${name}.totals.examples`]: examples.length }
      : {};
  };
  return {
    ...beside('supervised'),
    ...beside('pairwise'),
    tokens: sum(own(kind === 'stepwise' ? 'stepMask' : 'mask')),
    examples: examples.length,
    ...(kind === 'pairwise' ? { chosenTokens: sum((path) => path === 'chosen.mask') } : {}),
    ...(kind === 'unpaired' ? { desirable: sum((path) => path === 'desirable') } : {}),
  };
}

/**
 * Builds the batch of some examples.
 *
 * @param leaves tensors that take the place of fields, by path
 * @param step totals of the step that the examples are a part of
 */
export function sampleBatch<K extends BatchKind>(
  { examples, shared }: SampleStep,
  leaves: Record<string, tf.Tensor>,
  step: Record<string, number>,
): BatchKinds[K] {
  const batch: Record<string, unknown> = {};
  for (const path of Object.keys(examples[0]!)) place(batch, path, leaves[path] ?? stack(path, examples));
  for (const [path, value] of Object.entries(shared))
    place(batch, path, leaves[path] ?? tf.tensor(value as number[]));
  for (const [name, value] of Object.entries(step))
    place(batch, name.includes('.') ? name : `totals.${name}`, tf.scalar(value));
  return matched(listed(batch)) as BatchKinds[K];
}

/** With a fused encoder over pairs of embeddings, where there are embeddings. */
function matched(batch: unknown): unknown {
  const { left, right } = batch as Partial<BatchKinds['contrastive']>;
  if (!left || !right) return batch;
  const match = (lefts: tf.Tensor1D, rights: tf.Tensor1D) => {
    const agree = tf.sum(tf.mul(tf.gather(left, lefts), tf.gather(right, rights)), 1, true);
    return tf.concat([tf.neg(agree), agree], 1);
  };
  return { ...(batch as object), match };
}

/** One field of all examples as a tensor. */
export function stack(path: string, examples: SampleExample[]): tf.Tensor {
  return tf.tensor(
    examples.map((example) => example[path]!) as number[],
    undefined,
    lastPart(path) === 'labels' ? 'int32' : 'float32',
  );
}

function place(into: Record<string, unknown>, path: string, value: unknown): void {
  const [first, ...rest] = path.split('.');
  if (rest.length === 0) into[first!] = value;
  else {
    into[first!] ??= {};
    place(into[first!] as Record<string, unknown>, rest.join('.'), value);
  }
}

/** `answers` as a list. */
function listed(batch: Record<string, unknown>): unknown {
  return batch.answers ? { ...batch, answers: Object.values(batch.answers) } : batch;
}
