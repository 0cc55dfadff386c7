import { div, memory, neg, type Scalar, sum, type Tensor, tidy, variableGrads } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, useTestBackend } from '../test/backend.ts';
import { type Expected, FAMILIES, loadFixture, maxDifference, readExpected } from '../test/fixtures.ts';
import type { CausalLM } from './causal-lm.ts';

/** The reference's loss: mean over the labels that count. */
function meanLoss(model: CausalLM, { inputIds, labels }: Expected): Scalar {
  const counted = labels.dataSync().filter((label) => label !== -100).length;
  return div(neg(sum(model.logProbs({ inputIds }, labels))), counted);
}

function gradients(model: CausalLM, expected: Expected): Record<string, Tensor> {
  const params = model.trainable();
  const { grads } = variableGrads(() => meanLoss(model, expected), Object.values(params));
  return Object.fromEntries(Object.entries(params).map(([name, p]) => [name, grads[p.name]!]));
}

const cases = BACKENDS.flatMap((backend) => FAMILIES.map((family) => [family, backend] as const));

describe.each(cases)('%s on %s agrees with transformers', (family, backend) => {
  beforeAll(() => useTestBackend(backend));
  const model = () => loadFixture(family);

  it('on the logits of every token that is not padding', () => {
    const expected = readExpected(family);
    const logits = model().logits({ inputIds: expected.inputIds }).dataSync();
    const vocab = logits.length / expected.attentionMask.length;
    const real = (all: Float32Array) => all.filter((_, i) => expected.attentionMask[Math.floor(i / vocab)]);
    expect(maxDifference(real(logits as Float32Array), real(expected.logits))).toBeLessThan(1e-4);
  });

  it('on the loss and the gradient of every parameter', () => {
    const expected = readExpected(family);
    const lm = model();
    expect(tidy(() => meanLoss(lm, expected).dataSync()[0])).toBeCloseTo(expected.loss, 4);
    const found = gradients(lm, expected);
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [name, gradient] of Object.entries(found)) {
      const wanted = expected.gradients[name]!;
      const scale = wanted.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
      expect(scale, name).toBeGreaterThan(1e-3);
      expect(maxDifference(gradient, wanted) / scale, name).toBeLessThan(1e-3);
    }
  });

  it('with gradient checkpointing too, which gives the same gradients', () => {
    const expected = readExpected(family);
    const lm = model();
    const plain = gradients(lm, expected);
    lm.gradientCheckpointing = true;
    const again = gradients(lm, expected);
    for (const name of Object.keys(plain))
      expect(maxDifference(plain[name]!, again[name]!), name).toBeLessThan(1e-6);
  });

  it('and leaves no tensors behind', () => {
    const { inputIds, labels } = readExpected(family);
    const lm = model();
    const before = memory().numTensors;
    lm.logProbs({ inputIds }, labels).dispose();
    expect(memory().numTensors).toBe(before);
  });
});
