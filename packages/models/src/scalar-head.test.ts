import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor2d } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, useTestBackend } from '../test/backend.ts';
import { fixture } from '../test/fixtures.ts';
import { loadAdapter, saveAdapter } from './adapter-folder.ts';
import { CausalLM } from './causal-lm.ts';
import { applyLora } from './lora.ts';
import { addScalarHead, SCALAR_HEAD } from './scalar-head.ts';

/** Sequences and what LlamaForSequenceClassification says of them; see tooling/reference/models/reward_model.py. */
const expected = JSON.parse(readFileSync(join(fixture('reward-model'), 'expected.json'), 'utf8')) as {
  ids: number[];
  scores: number[];
  score: number;
}[];
const dir = mkdtempSync(join(tmpdir(), 'scalar-head-'));
afterAll(() => rmSync(dir, { recursive: true }));

const scoresOf = (model: CausalLM, ids: number[]) => [
  ...model.scores({ inputIds: tensor2d([ids], [1, ids.length], 'int32') }).dataSync(),
];

describe.each(BACKENDS)('a reward model in Hugging Face layout on %s', (backend) => {
  beforeAll(() => useTestBackend(backend));

  it('scores as transformers does, at every token and at the last', () => {
    const model = CausalLM.load(fixture('reward-model'));
    for (const { ids, scores, score } of expected) {
      const found = scoresOf(model, ids);
      scores.forEach((value, t) => {
        expect(Math.abs(found[t]! - value)).toBeLessThan(2e-5);
      });
      expect(Math.abs(found.at(-1)! - score)).toBeLessThan(2e-5);
    }
  });

  it('is saved as one, and read again', () => {
    const model = CausalLM.load(fixture('reward-model'));
    model.save(join(dir, 'saved'));
    const config = JSON.parse(readFileSync(join(dir, 'saved/config.json'), 'utf8'));
    expect(config.architectures).toEqual(['LlamaForSequenceClassification']);
    expect(config.id2label).toEqual({ 0: 'LABEL_0' });
    const [{ ids }] = expected as [(typeof expected)[0]];
    expect(scoresOf(CausalLM.load(join(dir, 'saved')), ids)).toEqual(scoresOf(model, ids));
  });
});

describe('a head put on a language model', () => {
  beforeAll(() => useTestBackend());
  const fresh = () => CausalLM.load(fixture('qwen2'));

  it('trains beside adapters, and travels with them', () => {
    const model = fresh();
    applyLora(model, { rank: 2, alpha: 4, seed: 1 });
    addScalarHead(model, { seed: 1 });
    expect(Object.keys(model.trainable())).toContain(SCALAR_HEAD);
    saveAdapter(model, join(dir, 'adapter'));
    const again = fresh();
    loadAdapter(again, join(dir, 'adapter'));
    expect(scoresOf(again, [1, 2, 3])).toEqual(scoresOf(model, [1, 2, 3]));
    expect(again.params[SCALAR_HEAD]!.trainable).toBe(true);
  });

  it('is a pure function of the seed, and stays when it is there', () => {
    const model = fresh();
    addScalarHead(model, { seed: 1 });
    const before = scoresOf(model, [1, 2, 3]);
    addScalarHead(model, { seed: 2 });
    expect(scoresOf(model, [1, 2, 3])).toEqual(before);
  });

  it('is missed by name', () => {
    expect(() => scoresOf(fresh(), [1])).toThrow('parameter score.weight is missing');
  });
});
