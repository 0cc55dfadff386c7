import { rotary } from '@attune/backend-onnx/ops';
import { mul, sum, type Tensor4D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { parseConfig } from './config.ts';
import { normal } from './init.ts';
import { rotaryFrequencies, rotaryTables } from './rope.ts';

beforeAll(() => useTestBackend());

const config = (rope: object = {}) =>
  parseConfig({
    model_type: 'llama',
    vocab_size: 9,
    hidden_size: 32,
    intermediate_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    ...rope,
  });

/** Turns a head vector `[16]` to a position. */
function turned(x: Float32Array, position: number): Tensor4D {
  const { cos, sin } = rotaryTables(config(), tensor2d([[position]], [1, 1], 'int32'));
  return rotary(tensor4d(x, [1, 1, 1, 16]), cos, sin);
}

describe('rotary positions', () => {
  it('make the score of a query and a key depend on their distance alone', () => {
    const [q, k] = [normal(16, 1, 1, 'q'), normal(16, 1, 1, 'k')];
    const score = (i: number, j: number) => tidy(() => sum(mul(turned(q, i), turned(k, j))).dataSync()[0]!);
    for (const distance of [0, 1, 7, 30])
      for (const start of [0, 3, 100, 1000])
        expect(score(start + distance, start)).toBeCloseTo(score(distance, 0), 3);
    expect(Math.abs(score(7, 0) - score(0, 0))).toBeGreaterThan(0.1);
  });

  it('keep lengths, and leave position 0 alone', () => {
    const x = normal(16, 1, 2, 'x');
    const length = (t: Tensor4D) => sum(mul(t, t)).dataSync()[0]!;
    expect(length(turned(x, 123))).toBeCloseTo(length(turned(x, 0)), 4);
    expect([...turned(x, 0).dataSync()]).toEqual([...x]);
  });
});

describe('rotaryFrequencies', () => {
  it('fall from 1 by the base', () => {
    const f = rotaryFrequencies(config());
    expect(f[0]).toBe(1);
    expect(f[4]).toBeCloseTo(0.01, 6);
  });

  it('are all divided by linear scaling', () => {
    const scaled = rotaryFrequencies(config({ rope_scaling: { rope_type: 'linear', factor: 4 } }));
    expect([...scaled]).toEqual([...rotaryFrequencies(config()).map((f) => f / 4)]);
  });

  it("follow Llama 3's rule: short waves kept, long ones divided, blended between", () => {
    const rope_scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 128,
    };
    const ratio = rotaryFrequencies(config({ rope_scaling })).map(
      (f, i) => f / rotaryFrequencies(config())[i]!,
    );
    // Waves of 2π, 19.9, 62.8, 199 ... tokens against bounds of 128 / 4 and 128 / 1.
    expect([...ratio.slice(0, 2)]).toEqual([1, 1]);
    expect(ratio[2]).toBeCloseTo(1 / 8 + (7 / 8) * ((128 / 62.8319 - 1) / 3), 4);
    expect([...ratio.slice(3)]).toEqual(Array(5).fill(1 / 8));
  });
});
