import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory, tensor2d, variable, zeros } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { FAMILIES, fixture, loadFixture, maxDifference } from '../test/fixtures.ts';
import { CausalLM } from './causal-lm.ts';
import { withCheckpoint } from './safetensors/sharded.ts';

const SMALL = {
  model_type: 'qwen3',
  vocab_size: 50,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
} as const;

let dir: string;
beforeAll(() => useTestBackend());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'causal-lm-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('fromConfig', () => {
  it('depends on the seed alone', () => {
    const weights = (seed: number) => [
      ...CausalLM.fromConfig(SMALL, { seed }).params['model.layers.1.mlp.up_proj.weight']!.dataSync(),
    ];
    expect(weights(3)).toEqual(weights(3));
    expect(weights(3)).not.toEqual(weights(4));
  });

  it('starts norms at 1, weights at a width of 0.02, and what writes into the residual stream smaller', () => {
    const { params } = CausalLM.fromConfig(SMALL, { seed: 1 });
    const width = (name: string) => {
      const w = params[name]!.dataSync<'float32'>();
      const mean = w.reduce((a, b) => a + b, 0) / w.length;
      expect(Math.abs(mean)).toBeLessThan(0.002);
      return Math.sqrt(w.reduce((a, b) => a + b * b, 0) / w.length);
    };
    expect(width('model.embed_tokens.weight')).toBeCloseTo(0.02, 3);
    expect(width('model.layers.0.mlp.down_proj.weight')).toBeCloseTo(0.01, 3);
    expect(new Set(params['model.layers.0.self_attn.q_norm.weight']!.dataSync())).toEqual(new Set([1]));
    expect(Object.keys(params)).toContain('lm_head.weight');
  });

  it('begins with an even guess', () => {
    const model = CausalLM.fromConfig(SMALL, { seed: 1 });
    const ids = tensor2d([[1, 2, 3]], [1, 3], 'int32');
    for (const p of model.logProbs({ inputIds: ids }, ids).dataSync())
      expect(p).toBeCloseTo(-Math.log(50), 0);
  });

  it('names a key that does not fit', () => {
    expect(() => CausalLM.fromConfig({ ...SMALL, num_key_value_heads: 3 }, { seed: 1 })).toThrow(
      'config: num_key_value_heads must be a divisor of num_attention_heads (4), found 3',
    );
  });

  it('frees what it made', () => {
    const before = memory().numTensors;
    const model = CausalLM.fromConfig(SMALL, { seed: 1 });
    const copy = model.clone();
    model.dispose();
    copy.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

describe('save and load', () => {
  const logits = (model: CausalLM) => model.logits({ inputIds: tensor2d([[1, 2, 3, 4]], [1, 4], 'int32') });

  it.each(FAMILIES)('%s: float32 keeps every bit, in one file or in shards', (family) => {
    const model = loadFixture(family);
    model.save(dir);
    expect(readdirSync(dir).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(maxDifference(logits(CausalLM.load(dir)), logits(model))).toBe(0);
    expect(CausalLM.load(dir).config).toEqual(model.config);
    model.save(dir, { maxShardBytes: 20_000 });
    expect(readdirSync(dir).length).toBeGreaterThan(3);
    expect(maxDifference(logits(CausalLM.load(dir)), logits(model))).toBe(0);
  });

  it('halves: a checkpoint saved in its own dtype is the same to the bit', () => {
    const dtypes = { qwen2: 'float16', qwen3: 'bfloat16' } as const;
    for (const [family, dtype] of Object.entries(dtypes)) {
      loadFixture(family).save(dir, { dtype });
      const file = 'model.safetensors';
      expect(readFileSync(join(dir, file)).equals(readFileSync(join(fixture(family), file)))).toBe(true);
      expect(JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')).torch_dtype).toBe(dtype);
    }
  });

  it('refuses an unknown dtype, and a folder that cannot be made', () => {
    const model = loadFixture('qwen2');
    expect(() => model.save(dir, { dtype: 'int8' as never })).toThrow(
      'save: dtype must be one of float32, float16, bfloat16, found int8',
    );
    writeFileSync(join(dir, 'file'), '');
    expect(() => model.save(join(dir, 'file', 'x'))).toThrow('cannot create the folder');
  });

  it('names what is missing, unexpected or misshapen, and leaves no tensors behind', () => {
    const model = loadFixture('qwen2');
    const { params } = model;
    delete params['model.norm.weight'];
    params.extra = variable(zeros([1]));
    params['model.embed_tokens.weight'] = variable(zeros([96, 32]));
    model.save(dir);
    const before = memory().numTensors;
    expect(() => CausalLM.load(dir)).toThrow(
      `${dir}: the weights do not fit the configuration: missing model.norm.weight; unexpected extra; ` +
        'wrong shape model.embed_tokens.weight (found [96, 32], expected [97, 32])',
    );
    expect(memory().numTensors).toBe(before);
  });

  it('ignores a stored output matrix when embeddings are tied', () => {
    const model = loadFixture('qwen2');
    model.params['lm_head.weight'] = variable(zeros([97, 32]));
    model.save(dir);
    withCheckpoint(dir, (files) => expect(files.has('lm_head.weight')).toBe(true));
    expect(maxDifference(logits(CausalLM.load(dir)), logits(loadFixture('qwen2')))).toBe(0);
  });
});
