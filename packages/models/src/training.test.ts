import { jit, memoryInfo } from '@attune/backend-onnx';
import {
  memory,
  mul,
  neg,
  type Scalar,
  scalar,
  sub,
  sum,
  type Tensor2D,
  tensor2d,
  tidy,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { CausalLM } from './causal-lm.ts';
import { applyLora } from './lora.ts';

const CONFIG = {
  model_type: 'qwen3',
  vocab_size: 31,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
} as const;

/** Forward, backward and a step of gradient descent, as the trainer compiles it. */
function trainingStep(model: CausalLM) {
  const params = Object.values(model.trainable());
  return (inputIds: Tensor2D, segmentIds: Tensor2D, labels: Tensor2D, rate: Scalar, dropoutSeed: Scalar) => {
    const loss = (): Scalar => neg(sum(model.logProbs({ inputIds, segmentIds, dropoutSeed }, labels)));
    const { value, grads } = variableGrads(loss, params);
    for (const p of params) p.assign(sub(p, mul(grads[p.name]!, rate)));
    return value;
  };
}

/** Two packed rows; `shift` makes another batch of the same shape. */
function batch(shift: number): [Tensor2D, Tensor2D, Tensor2D] {
  const tokens = (offset: number) => Int32Array.from({ length: 16 }, (_, i) => (i * 7 + shift + offset) % 31);
  const ids = (values: Int32Array) => tensor2d(values, [2, 8], 'int32');
  return [ids(tokens(0)), ids(Int32Array.from({ length: 16 }, (_, i) => 1 + ((i % 8) >> 2))), ids(tokens(7))];
}

/** The losses of a few steps, each on another batch with another rate and seed. */
function train(model: CausalLM, compile: boolean): number[] {
  const step = trainingStep(model);
  const run = compile
    ? jit(step, { name: 'step' })
    : (...args: Parameters<typeof step>) => tidy(() => step(...args));
  return [0, 1, 2, 3].map((i) => {
    const losses = run(...batch(i), scalar(0.01 / (i + 1)), scalar(i, 'int32'));
    return losses.dataSync()[0]!;
  });
}

const fresh = () => CausalLM.fromConfig(CONFIG, { seed: 1 });

describe('a training step on onnx', () => {
  beforeAll(() => useTestBackend('onnx'));

  it('is one graph, whatever the batch, the rate and the seed', () => {
    const model = fresh();
    model.gradientCheckpointing = true;
    applyLora(model, { rank: 2, alpha: 4, dropout: 0.1, targetModules: ['q_proj'], seed: 3 });
    train(model, false); // whatever else needs a graph has one now
    const before = memoryInfo().sessions;
    train(model, true);
    expect(memoryInfo().sessions).toBe(before + 1);
  });

  it('gives the losses that the cpu backend gives, compiled or not', async () => {
    const [compiled, plain] = [train(fresh(), true), train(fresh(), false)];
    await useTestBackend('cpu');
    const reference = train(fresh(), false);
    await useTestBackend('onnx');
    expect(reference[3]).toBeLessThan(reference[0]! - 1);
    reference.forEach((loss, i) => {
      expect(compiled[i]).toBeCloseTo(loss, 3);
      expect(plain[i]).toBeCloseTo(loss, 3);
    });
  });

  it('keeps the number of tensors constant', () => {
    const model = fresh();
    const step = jit(trainingStep(model), { name: 'step' });
    const once = (i: number) =>
      tidy(() => step(...batch(i), scalar(0.01), scalar(i, 'int32')).dataSync()[0]!);
    once(0);
    const [tensors, { liveBuffers, liveBytes }] = [memory().numTensors, memoryInfo()];
    for (let i = 1; i < 5; i++) once(i);
    expect(memory().numTensors).toBe(tensors);
    expect(memoryInfo()).toMatchObject({ liveBuffers, liveBytes });
  });
});
