import { useBackend } from '@attune/backend-onnx';
import { collate, collatePacked, type TokenSequence } from '@attune/data';
import { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { makeMicroBatches } from '../data/micro-batches.ts';
import { disposeTensors, type MicroBatch, toTensors } from './micro-batch.ts';
import { labelLogProbs } from './outputs.ts';
import { segmentSpans, sharePrompts } from './shared-prompts.ts';

beforeAll(async () => {
  await useBackend('onnx', { quiet: true });
});

/** Ids that follow from the seed, of which those from `first` on are learned. */
function sequence(prompt: readonly number[], answer: number, seed: number, learned = 1): TokenSequence {
  const ids = [...prompt, ...Array.from({ length: answer }, (_, i) => (i * 7 + seed * 5) % 37)];
  return {
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(ids, (_, i) => (i < prompt.length ? 0 : learned)),
  };
}
const prompt = (length: number, seed: number) => Array.from({ length }, (_, i) => (i * 3 + seed) % 37);
const batchOf = (sequences: readonly TokenSequence[]) => collate(sequences, { padId: 0 });
const asMicro = (batch: ReturnType<typeof collate>): MicroBatch => ({
  ...batch,
  rows: [],
  tokens: 0,
  inputTokens: 0,
  examples: batch.batch,
  names: [],
});

describe('the rows', () => {
  // Three answers to one prompt, and one to another.
  const [a, b] = [prompt(10, 1), prompt(6, 2)];
  const sequences = [sequence(a, 5, 1), sequence(a, 9, 2), sequence(b, 20, 3), sequence(a, 7, 4)];
  const batch = batchOf(sequences);
  const shared = sharePrompts(batch)!;
  const { width, inputIds, spans, places } = shared;

  it('hold each prompt once', () => {
    // Nine tokens before the last of the prompt, which every answer repeats in the place of its own last token.
    expect(shared.rows).toBe(2);
    expect(width).toBe(32);
    const text = (row: number, size: number) => [...inputIds.subarray(row * width, row * width + size)];
    const own = ({ ids }: TokenSequence, from: number) => [...ids.subarray(from, ids.length - 1)];
    expect(text(0, 30)).toEqual([...a.slice(0, 9), ...[0, 1, 3].flatMap((i) => own(sequences[i]!, 9))]);
    expect(text(1, 25)).toEqual(own(sequences[2]!, 0));
  });

  it('let every token attend to what it attended to, at the same position', () => {
    for (const [i, { ids, mask }] of sequences.entries()) {
      for (let t = 0; t + 1 < ids.length; t++) {
        const place = places[i * batch.seq + t]!;
        expect(place >= 0, `${i}, ${t}`).toBe(mask[t + 1] === 1);
        if (place < 0) continue;
        const row = Math.floor(place / width) * width;
        const [from, to, start] = spans.subarray(3 * place, 3 * place + 3) as unknown as [
          number,
          number,
          number,
        ];
        const seen = [
          ...inputIds.subarray(row + from, row + to),
          ...inputIds.subarray(row + start, place + 1),
        ];
        expect(seen).toEqual([...ids.subarray(0, t + 1)]);
      }
    }
  });
});

test.each<[string, TokenSequence[]]>([
  ['there are no labels', [sequence(prompt(20, 1), 9, 1, 0), sequence(prompt(20, 1), 5, 2, 0)]],
  ['prompts differ and little is padded', [sequence(prompt(20, 1), 9, 1), sequence(prompt(20, 2), 9, 2)]],
  ['everything is learned', [sequence([], 30, 1), sequence([], 30, 1)]],
])('nothing where %s', (_, sequences) => {
  expect(sharePrompts(batchOf(sequences))).toBeUndefined();
});

test('texts without prompts and of unequal length lose their padding', () => {
  const lengths = [100, 20, 30, 40, 90, 10, 50, 60];
  const shared = sharePrompts(batchOf(lengths.map((length, i) => sequence([], length, i))))!;
  expect(shared.rows * shared.width).toBeLessThan(0.6 * 8 * 99);
  // Each token is that of a label or padding.
  expect(new Set(shared.places).size - 1).toBe(lengths.reduce((sum, length) => sum + length - 1, 0));
});

const config = {
  model_type: 'llama' as const,
  vocab_size: 37,
  hidden_size: 32,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 128,
};

/** Log-probabilities and gradients of a weighted sum of them. */
function evaluate(model: CausalLM, batch: MicroBatch, labelsOnly: boolean): Float32Array[] {
  const tensors = toTensors(batch, { config: model.config, labelsOnly });
  expect('shared' in tensors || 'spans' in tensors).toBe(labelsOnly);
  const weights = tf.randomNormal([batch.batch, batch.seq], 0, 1, 'float32', 5);
  const of = () => labelLogProbs(model, tensors);
  const { grads } = tf.variableGrads(() => tf.sum(tf.mul(of(), weights)) as tf.Scalar);
  const found = [
    of(),
    ...Object.keys(grads)
      .sort()
      .map((name) => grads[name]!),
  ];
  const values = found.map((x) => Float32Array.from(x.dataSync()));
  disposeTensors(tensors);
  return values;
}

function expectEqual(actual: Float32Array[], expected: Float32Array[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, values] of expected.entries()) {
    const error = values.reduce((worst, value, j) => Math.max(worst, Math.abs(value - actual[i]![j]!)), 0);
    expect(error, `${i}`).toBeLessThan(2e-5);
  }
}

const [p, q] = [prompt(40, 3), prompt(25, 4)];
const turns = sequence(p, 12, 9);
turns.mask.fill(0, 44, 47);
test.each<[string, TokenSequence[]]>([
  ['answers to one prompt', [1, 2, 3, 4].map((seed) => sequence(p, 4 + 3 * seed, seed))],
  ['answers to two prompts', [p, q, p, q].map((own, seed) => sequence(own, 9 + seed, seed))],
  ['equal answers', [sequence(p, 8, 1), sequence(p, 8, 1), sequence(p, 8, 1)]],
  ['an answer in turns', [turns, sequence(p, 20, 2), sequence(p, 5, 3)]],
  ['rows without a label', [sequence(p, 8, 1), sequence(p, 1, 1, 0), sequence(p, 9, 2)]],
  ['a prompt of one token', [sequence([5], 50, 1), sequence([5], 20, 2), sequence([5], 4, 3)]],
  ['a prompt that begins another', [sequence(p, 8, 1), sequence(p, 9, 3), sequence(p.slice(0, 20), 9, 2)]],
])('%s: log-probabilities and gradients are those of separate rows', (_, sequences) => {
  for (const gradientCheckpointing of [false, true]) {
    const model = CausalLM.fromConfig(config, { seed: 3 });
    model.gradientCheckpointing = gradientCheckpointing;
    const batch = asMicro(batchOf(sequences));
    expectEqual(evaluate(model, batch, true), evaluate(model, batch, false));
    model.dispose();
  }
});

test('packed rows: spans are what segments say', () => {
  const packed = [
    [sequence([], 9, 1), sequence([], 30, 2)],
    [sequence([], 20, 3)],
    [sequence([], 5, 4), sequence([], 4, 5)],
  ];
  const batch = asMicro(collatePacked(packed, { padId: 0 }));
  const spans = segmentSpans(batch, batch.segmentIds!);
  expect([...spans.subarray(3 * 7, 3 * 9)]).toEqual([0, 0, 0, 8, 8, 8]);
  const model = CausalLM.fromConfig(config, { seed: 3 });
  const plain = tf.tidy(() =>
    model
      .logProbs(
        {
          inputIds: tf.tensor2d(batch.inputIds, [3, batch.seq], 'int32'),
          segmentIds: tf.tensor2d(batch.segmentIds!, [3, batch.seq], 'int32'),
        },
        tf.tensor2d(batch.labels, [3, batch.seq], 'int32'),
      )
      .dataSync(),
  );
  const [logProbs] = evaluate(model, batch, true);
  expectEqual([logProbs!], [Float32Array.from(plain)]);
  model.dispose();
});

test('answers to one prompt come into one micro-batch, whatever their lengths', () => {
  const examples = [5, 9, 7, 3, 8, 4].map((answer, i) => ({
    sequences: [sequence(i % 2 ? p : q, answer, i)],
    name: `${i}`,
    prompt: i % 2,
  }));
  const options = { kind: 'supervised', padId: 0, maxLength: 128, micro: 3, packing: false } as const;
  const names = makeMicroBatches(examples, options).map((batch) => batch.names);
  expect(names).toEqual([
    ['1', '5', '3'],
    ['4', '2', '0'],
  ]);
});
