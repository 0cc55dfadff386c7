import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  memory,
  mul,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor2D,
  tensor2d,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { fixture, loadFixture, maxDifference } from '../test/fixtures.ts';
import { loadAdapter, saveAdapter } from './adapter-folder.ts';
import type { CausalLM } from './causal-lm.ts';
import { applyLora, mergeLora } from './lora.ts';
import { withSafetensors } from './safetensors/reader.ts';

let dir: string;
beforeAll(() => useTestBackend());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lora-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const OPTIONS = { rank: 4, alpha: 16, targetModules: ['q_proj', 'v_proj', 'down_proj'], seed: 7 };
const inputIds = () => tensor2d([[1, 2, 3, 4, 5]], [1, 5], 'int32');

/** The qwen2 fixture with its adapter. */
function adapted(): CausalLM {
  const model = loadFixture('qwen2');
  loadAdapter(model, fixture('lora'));
  return model;
}

/** What the reference computed. */
function expected() {
  const prefix = 'grad.base_model.model.';
  return withSafetensors(`${fixture('lora')}/expected.safetensors`, (file) => ({
    inputIds: tensor2d(file.read('input_ids') as Int32Array, [1, 12], 'int32') as Tensor2D,
    logits: file.readFloat32('logits'),
    merged: file.readFloat32('merged'),
    gradients: Object.fromEntries(
      [...file.tensors.keys()]
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), file.readFloat32(name)]),
    ),
  }));
}

describe('parity with peft', () => {
  it('on logits, and on merged weights', () => {
    const wanted = expected();
    const model = adapted();
    expect(maxDifference(model.logits(wanted), wanted.logits)).toBeLessThan(1e-4);
    mergeLora(model);
    expect(
      maxDifference(model.params['model.layers.1.self_attn.q_proj.weight']!, wanted.merged),
    ).toBeLessThan(1e-5);
    expect(maxDifference(model.logits(wanted), wanted.logits)).toBeLessThan(1e-4);
  });

  it('on the gradient of every adapter matrix', () => {
    const wanted = expected();
    const model = adapted();
    const params = model.trainable();
    const loss = (): Scalar => mul(sum(square(model.logits(wanted))), 1 / 1000);
    const { grads } = variableGrads(loss, Object.values(params));
    expect(Object.keys(params).sort()).toEqual(Object.keys(wanted.gradients).sort());
    for (const [name, p] of Object.entries(params)) {
      const scale = wanted.gradients[name]!.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
      expect(maxDifference(grads[p.name]!, wanted.gradients[name]!) / scale, name).toBeLessThan(1e-3);
    }
  });

  it('on the folder: the weights are written byte for byte as peft wrote them', () => {
    saveAdapter(adapted(), dir, { baseModel: '../qwen2' });
    const file = 'adapter_model.safetensors';
    expect(readFileSync(join(dir, file)).equals(readFileSync(join(fixture('lora'), file)))).toBe(true);
    const json = (folder: string) => JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    const theirs = json(fixture('lora'));
    const { target_modules, ...ours } = json(dir);
    expect(theirs).toMatchObject(ours);
    expect([...target_modules].sort()).toEqual([...theirs.target_modules].sort());
  });
});

describe('applyLora', () => {
  it('changes nothing at the start, trains the adapters alone, and scales by alpha / rank', () => {
    const [plain, model] = [loadFixture('qwen2'), loadFixture('qwen2')];
    applyLora(model, { ...OPTIONS, rank: 8, alpha: 32 });
    expect(model.lora!.scale).toBe(4);
    const logits = (m: CausalLM) => m.logits({ inputIds: inputIds() });
    expect(maxDifference(logits(model), logits(plain))).toBe(0);
    expect(Object.keys(model.trainable())).toHaveLength(2 * 3 * 2);
    expect(Object.keys(model.trainable()).every((name) => /\.lora_[AB]\.weight$/.test(name))).toBe(true);
  });

  it('reaches every projection by default, and its matrices depend on the seed alone', () => {
    const matrices = (seed: number) => {
      const model = loadFixture('qwen2');
      applyLora(model, { rank: 2, alpha: 2, seed });
      expect(Object.keys(model.trainable())).toHaveLength(2 * 7 * 2);
      return [...model.params['model.layers.1.mlp.up_proj.lora_A.weight']!.dataSync()];
    };
    expect(matrices(1)).toEqual(matrices(1));
    expect(matrices(1)).not.toEqual(matrices(2));
    for (const value of matrices(1)) expect(Math.abs(value)).toBeLessThanOrEqual(1 / Math.sqrt(32));
  });

  it('drops at the rate asked for, differently for every seed, and only when given one', () => {
    const model = adapted(); // the fixture's dropout is 0.1
    const logits = (seed?: number) =>
      model.logits({
        inputIds: inputIds(),
        dropoutSeed: seed === undefined ? undefined : scalar(seed, 'int32'),
      });
    expect(maxDifference(logits(), logits())).toBe(0);
    expect(maxDifference(logits(3), logits(3))).toBe(0);
    expect(maxDifference(logits(3), logits())).toBeGreaterThan(1e-3);
    expect(maxDifference(logits(3), logits(4))).toBeGreaterThan(1e-3);
  });

  it('has the same gradients with gradient checkpointing: the same dropout, masks and tables come back', () => {
    const gradients = (gradientCheckpointing: boolean) => {
      const model = adapted();
      model.gradientCheckpointing = gradientCheckpointing;
      const segmentIds = tensor2d([[1, 1, 2, 2, 2]], [1, 5], 'int32');
      const inputs = { inputIds: inputIds(), segmentIds, dropoutSeed: scalar(3, 'int32') };
      const params = model.trainable();
      const { grads } = variableGrads(() => sum(square(model.logits(inputs))), Object.values(params));
      return Object.entries(params).map(([name, p]) => [name, grads[p.name]!] as const);
    };
    const again = Object.fromEntries(gradients(true));
    for (const [name, gradient] of gradients(false))
      expect(maxDifference(gradient, again[name]!), name).toBeLessThan(1e-4);
  });

  it('hides when asked for the model without adapters', () => {
    const logits = (m: CausalLM) => m.logits({ inputIds: inputIds() });
    expect(maxDifference(logits(adapted().withoutLora()), logits(loadFixture('qwen2')))).toBe(0);
  });

  it('leaves no tensors behind once merged', () => {
    const model = loadFixture('qwen2');
    const before = memory().numTensors;
    applyLora(model, OPTIONS);
    mergeLora(model);
    expect(memory().numTensors).toBe(before);
    expect(Object.keys(model.trainable())).toEqual(Object.keys(model.params));
  });

  it('refuses options out of range, and a second application', () => {
    const model = loadFixture('qwen2');
    const apply = (change: object) => () => applyLora(model, { ...OPTIONS, ...change });
    expect(apply({ rank: 0 })).toThrow('applyLora: rank must be a whole number >= 1, found 0');
    expect(apply({ alpha: -1 })).toThrow('applyLora: alpha must be > 0, found -1');
    expect(apply({ dropout: 1 })).toThrow('applyLora: dropout must be in [0, 1), found 1');
    expect(apply({ targetModules: [] })).toThrow(
      'applyLora: targetModules must name at least one projection',
    );
    expect(apply({ targetModules: ['qproj'] })).toThrow('targetModules must be among q_proj, k_proj');
    expect(() => mergeLora(model)).toThrow('mergeLora: the model has no adapters');
    expect(() => saveAdapter(model, dir)).toThrow('saveAdapter: the model has no adapters');
    apply({})();
    expect(apply({})).toThrow('applyLora: the model has adapters already');
    expect(() => model.save(dir)).toThrow('save: the model carries LoRA adapters; call mergeLora first');
  });
});

describe('loadAdapter refuses, naming file and key or tensor', () => {
  const config = () => JSON.parse(readFileSync(join(fixture('lora'), 'adapter_config.json'), 'utf8'));
  const load = (change: object) => {
    saveAdapter(adapted(), dir);
    writeFileSync(join(dir, 'adapter_config.json'), JSON.stringify({ ...config(), ...change }));
    return () => loadAdapter(loadFixture('qwen2'), dir);
  };
  it.each([
    [{ peft_type: 'IA3' }, 'adapter_config.json: peft_type must be "LORA", found "IA3"'],
    [{ use_dora: true }, 'adapter_config.json: use_dora must be false'],
    [{ bias: 'all' }, 'adapter_config.json: bias must be "none", found "all"'],
    [{ rank_pattern: { a: 1 } }, 'adapter_config.json: rank_pattern must be empty'],
    [
      { target_modules: ['c_attn'] },
      'adapter_config.json: target_modules must be "all-linear" or a list of q_proj',
    ],
    [
      { r: 2 },
      'wrong shape base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight (found [4, 32], expected [2, 32])',
    ],
    [
      { target_modules: ['q_proj'] },
      'adapter_model.safetensors: the weights do not fit the configuration: unexpected',
    ],
  ])('%j', (change, message) => {
    expect(load(change)).toThrow(message);
  });

  it('no folder', () => {
    expect(() => loadAdapter(loadFixture('qwen2'), join(dir, 'x'))).toThrow(
      'adapter_config.json: cannot read as JSON',
    );
  });
});
