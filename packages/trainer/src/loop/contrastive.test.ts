import { useBackend } from '@attune/backend-onnx';
import { embedSequences } from '@attune/inference';
import { CausalLM, type Pooling, pool } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EncodedExample } from '../data/codec.ts';
import { tokensOf } from '../data/encode-texts.ts';
import { makeMicroBatch } from '../data/micro-batches.ts';
import { type ContrastiveSettings, contrastiveBatch, matchLogits } from './contrastive.ts';
import { contrastiveParts, MATCHER } from './contrastive-parts.ts';
import { toTensors } from './micro-batch.ts';
import { retrieval } from './retrieval.ts';

beforeAll(() => {
  tf.env().set('IS_TEST', true); // no greeting on stderr
  return useBackend('onnx', { quiet: true });
});

const config = {
  model_type: 'llama',
  vocab_size: 13,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
  initializer_range: 0.3,
} as const;
const PAD = 0;
const SEPARATOR = 12;

/** A text of n tokens, as `encodeTexts` makes it. */
const text = (n: number, salt: number) => ({
  ids: Int32Array.from({ length: n + 1 }, (_, i) => (i < n ? 1 + ((i * i * salt + salt) % 11) : PAD)),
  mask: new Uint8Array(n + 1).fill(1, 1),
});
const examples: EncodedExample[] = [
  [3, 9],
  [40, 2],
  [1, 5],
].map(([left, right], i) => ({ sequences: [text(left!, i + 1), text(right!, i + 4)], name: `pair ${i}` }));
const layout = { kind: 'contrastive', padId: PAD, maxLength: 64, micro: 3, packing: false } as const;

const build = (pooling: Pooling) => {
  const model = CausalLM.fromConfig(config, { seed: 3 });
  const parts = contrastiveParts(
    { matcher: true, scalars: { temperature: 0.07 } },
    { width: 8, seed: 1, from: undefined },
  );
  const settings: ContrastiveSettings = { parts, pooling, separatorId: SEPARATOR };
  const batch = toTensors(makeMicroBatch(examples, layout), { config: model.config });
  return { model, settings, batch };
};
const rows = (x: tf.Tensor) => x.arraySync() as number[][];
const closeTo = (values: number[][]) => values.map((row) => row.map((value) => expect.closeTo(value, 4)));

describe.each(['mean', 'last'] as const)('%s', (pooling) => {
  it('embeds each text as if it stood alone', async () => {
    const { model, settings, batch } = build(pooling);
    const totals = { tokens: tf.scalar(1), examples: tf.scalar(3) };
    const found = contrastiveBatch({ policy: model, contrastive: settings }, batch, totals);
    for (const [side, embeddings] of [found.left, found.right].entries()) {
      const own = await embedSequences(
        model,
        examples.map(({ sequences }) => tokensOf(sequences[side]!)),
        { pooling },
      );
      const lengths = tf.norm(embeddings, 'euclidean', 1, true);
      expect(rows(tf.div(embeddings, lengths))).toEqual(closeTo(own.map((vector) => [...vector])));
    }
    expect(found.scalars!.temperature!.dataSync()[0]).toBeCloseTo(0.07);
    expect(found.draws!.shape).toEqual([3, 3]);
  });

  it('matches pairs as a pair alone in its row, without padding', () => {
    const { model, settings, batch } = build(pooling);
    const pairs = [
      [0, 0],
      [0, 1],
      [2, 0],
      [1, 2],
    ];
    const [lefts, rights] = [0, 1].map((side) =>
      tf.tensor1d(
        pairs.map((pair) => pair[side]!),
        'int32',
      ),
    );
    const found = matchLogits(model, settings, batch, lefts!, rights!);
    const alone = pairs.map(([left, right]) => {
      const first = tokensOf(examples[left!]!.sequences[0]!);
      const second = tokensOf(examples[right!]!.sequences[1]!);
      const ids = [...first, SEPARATOR, ...second];
      const hidden = model.hidden({ inputIds: tf.tensor2d([ids], undefined, 'int32') });
      const side = (inside: (i: number) => boolean) =>
        pool(hidden, tf.tensor2d([ids.map((_, i) => Number(inside(i)))]), pooling);
      const u = side((i) => i < first.length);
      const v = side((i) => i > first.length);
      const pooled = tf.concat([u, v, tf.mul(u, v)], 1);
      const { parts } = settings;
      return rows(
        tf.add(tf.matMul(pooled as tf.Tensor2D, parts[MATCHER.weight]!, false, true), parts[MATCHER.bias]!),
      )[0]!;
    });
    expect(rows(found)).toEqual(closeTo(alone));
  });
});

it('finds what a perfect encoder would, and counts equal texts as one', async () => {
  const model = CausalLM.fromConfig(config, { seed: 3 });
  const one = text(5, 1);
  const two = text(7, 2);
  const same = [
    { sequences: [one, one], name: 'a' },
    { sequences: [two, two], name: 'b' },
    { sequences: [one, one], name: 'c' },
  ];
  const { metrics, intervals } = await retrieval(model, same, 'mean');
  expect(metrics).toEqual({
    'recall@1/left': 1,
    'reciprocal-rank/left': 1,
    'recall@1/right': 1,
    'reciprocal-rank/right': 1,
  });
  expect(intervals['recall@1/left']!.value).toBe(1);
});
