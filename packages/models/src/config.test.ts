import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../test/fixtures.ts';
import { configToJson, featuresOf, parseConfig, readConfig } from './config.ts';

const SMALL = {
  model_type: 'llama',
  vocab_size: 97,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};
const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 128,
};

describe('parseConfig', () => {
  it('fills in defaults and keeps other keys', () => {
    expect(parseConfig({ ...SMALL, bos_token_id: 1 })).toEqual({
      ...SMALL,
      num_key_value_heads: 4,
      head_dim: 8,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-6,
      rope_theta: 10000,
      rope_scaling: null,
      tie_word_embeddings: false,
      attention_bias: false,
      mlp_bias: false,
      initializer_range: 0.02,
      extra: { bos_token_id: 1 },
    });
  });

  it('reads rope as transformers 4 and as transformers 5 write it', () => {
    const v4 = parseConfig({ ...SMALL, rope_theta: 5e5, rope_scaling: LLAMA3 });
    const v5 = parseConfig({ ...SMALL, rope_parameters: { ...LLAMA3, rope_theta: 5e5 } });
    expect(v5).toEqual(v4);
    expect(v4).toMatchObject({ rope_theta: 5e5, rope_scaling: LLAMA3 });
    expect(parseConfig({ ...SMALL, rope_scaling: { type: 'linear', factor: 2 } }).rope_scaling).toEqual({
      rope_type: 'linear',
      factor: 2,
    });
  });

  it('accepts what it returned, and what it wrote', () => {
    for (const family of ['llama', 'qwen2', 'qwen3']) {
      const config = readConfig(fixture(family));
      expect(parseConfig(config)).toEqual(config);
      expect(parseConfig(configToJson(config, 'float32'))).toEqual(config);
    }
  });

  it.each([
    [{ model_type: 'gpt2' }, 'c.json: model_type must be one of llama, qwen2, qwen3, found "gpt2"'],
    [{ model_type: undefined }, 'c.json: model_type must be one of llama, qwen2, qwen3, found nothing'],
    [{ vocab_size: null }, 'c.json: vocab_size must be a whole number >= 1, found nothing'],
    [{ hidden_size: '32' }, 'c.json: hidden_size must be a whole number >= 1, found "32"'],
    [{ num_attention_heads: 5 }, 'c.json: head_dim must be a whole number >= 1, found 6.4'],
    [
      { num_key_value_heads: 3 },
      'c.json: num_key_value_heads must be a divisor of num_attention_heads (4), found 3',
    ],
    [{ head_dim: 7 }, 'c.json: head_dim must be an even number, found 7'],
    [{ rms_norm_eps: 0 }, 'c.json: rms_norm_eps must be a number > 0, found 0'],
    [{ tie_word_embeddings: 1 }, 'c.json: tie_word_embeddings must be true or false, found 1'],
    [{ hidden_act: 'gelu' }, 'c.json: hidden_act must be "silu", found "gelu"'],
    [{ use_sliding_window: true }, 'c.json: use_sliding_window must be false, found true'],
    [
      { layer_types: ['sliding_attention'] },
      'c.json: layer_types must be only "full_attention", found ["sliding_attention"]',
    ],
    [{ quantization_config: { bits: 4 } }, 'c.json: quantization_config must be none'],
    [{ rope_scaling: 2 }, 'c.json: rope_scaling must be an object, found 2'],
    [
      { rope_scaling: { rope_type: 'yarn' } },
      'c.json: rope_scaling.rope_type must be one of default, linear, llama3, found "yarn"',
    ],
    [
      { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } },
      'c.json: rope_scaling.high_freq_factor must be more than low_freq_factor (1), found 1',
    ],
    [{ partial_rotary_factor: 0.5 }, 'c.json: partial_rotary_factor must be 1'],
    [{ model_type: 'qwen2', mlp_bias: true }, 'c.json: mlp_bias must be false for qwen2, found true'],
  ])('refuses %j', (change, message) => {
    expect(() => parseConfig({ ...SMALL, ...change }, 'c.json')).toThrow(message);
  });
});

it('switches biases and norms by family', () => {
  const of = (change: object) => featuresOf(parseConfig({ ...SMALL, ...change }));
  const none = { qkNorm: false, qkvBias: false, outputBias: false, mlpBias: false };
  expect(of({})).toEqual(none);
  expect(of({ attention_bias: true, mlp_bias: true })).toEqual({
    qkNorm: false,
    qkvBias: true,
    outputBias: true,
    mlpBias: true,
  });
  expect(of({ model_type: 'qwen2' })).toEqual({ ...none, qkvBias: true });
  expect(of({ model_type: 'qwen3' })).toEqual({ ...none, qkNorm: true });
});

it('readConfig names the file that is missing or no JSON', () => {
  const dir = mkdtempSync(join(tmpdir(), 'config-'));
  const path = join(dir, 'config.json');
  expect(() => readConfig(dir)).toThrow(`${path}: cannot read`);
  writeFileSync(path, '{"a":');
  expect(() => readConfig(dir)).toThrow(`${path}: is not JSON`);
  writeFileSync(path, '[]');
  expect(() => readConfig(dir)).toThrow(`${path}: must be a JSON object`);
  rmSync(dir, { recursive: true });
});
