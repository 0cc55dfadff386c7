import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, useTestBackend } from '../test/backend.ts';
import { fixture } from '../test/fixtures.ts';
import { CausalLM, pool, readEmbeddingConfig, saveEmbeddingConfig } from './index.ts';

/** The same, a number at a time. */
function slowPool(hidden: number[][][], mask: number[][], pooling: 'mean' | 'last'): number[][] {
  return hidden.map((row, b) => {
    const own = row.filter((_, t) => mask[b]![t] === 1);
    const kept = pooling === 'last' ? own.slice(-1) : own;
    return row[0]!.map((_, d) => kept.reduce((sum, state) => sum + state[d]! / kept.length, 0));
  });
}

describe.each(BACKENDS)('pool on %s', (backend) => {
  beforeAll(() => useTestBackend(backend));
  const hidden = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 9],
    ],
    [
      [-1, 0],
      [2, 8],
      [100, 100],
      [100, 100],
    ],
    [
      [1, 1],
      [2, 2],
      [3, 5],
      [4, 4],
    ],
    [
      [9, 9],
      [9, 9],
      [9, 9],
      [9, 9],
    ],
  ];
  const mask = [
    [1, 1, 1, 1],
    [1, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 0],
  ];

  it.each(['mean', 'last'] as const)('%s is what the slow twin says', (pooling) => {
    const found = pool(tf.tensor3d(hidden), tf.tensor2d(mask), pooling).arraySync();
    expect(found).toEqual(slowPool(hidden, mask, pooling).map((row) => row.map((x) => expect.closeTo(x, 6))));
  });
});

describe('the folder of an embedding model', () => {
  it('of sentence-transformers gives its embeddings', () => {
    const dir = fixture('embedding');
    expect(readEmbeddingConfig(dir)).toEqual({ pooling: 'last', maxLength: 48 });
    const model = CausalLM.load(dir);
    const expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as {
      ids: number[];
      embedding: number[];
    }[];
    for (const { ids, embedding } of expected) {
      const inputIds = tf.tensor2d([ids], [1, ids.length], 'int32');
      const found = [...model.embed({ inputIds }, tf.onesLike(inputIds), 'last').dataSync()];
      const length = Math.hypot(...found);
      embedding.forEach((value, d) => {
        expect(Math.abs(found[d]! / length - value)).toBeLessThan(1e-5);
      });
    }
  });

  it('is read as it was written', () => {
    const dir = mkdtempSync(join(tmpdir(), 'attune-embedding-'));
    expect(readEmbeddingConfig(dir)).toBeUndefined();
    for (const pooling of ['mean', 'last'] as const) {
      saveEmbeddingConfig(dir, { pooling, maxLength: 64 }, 16);
      expect(readEmbeddingConfig(dir)).toEqual({ pooling, maxLength: 64 });
    }
    const path = join(dir, '1_Pooling/config.json');
    writeFileSync(path, '{"pooling_mode_max_tokens": true}');
    expect(() => readEmbeddingConfig(dir)).toThrow(`${path}: the pooling must be one of`);
    writeFileSync(path, '{');
    expect(() => readEmbeddingConfig(dir)).toThrow(`${path}: is not JSON`);
    rmSync(dir, { recursive: true });
  });
});
