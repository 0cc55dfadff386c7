import { add, matMul, mul, tensor, tidy, type Variable, variable, zeros } from '@tensorflow/tfjs-core';
import type { CausalLM } from './causal-lm.ts';
import { uniform } from './init.ts';
import { projectionShapes } from './parameters.ts';

/** Low-rank adaptation (Hu et al. 2021, "LoRA", arXiv:2106.09685). */
export interface LoraOptions {
  /** Inner width of the adapters. */
  rank: number;
  /** The adapters' output is scaled by alpha / rank. */
  alpha: number;
  /** Probability of dropping an element of an adapter's input during training, in [0, 1). Default 0. */
  dropout?: number;
  /**
   * Projections that get an adapter, by the end of their name: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`,
   * `up_proj`, `down_proj`. Default all of them.
   */
  targetModules?: readonly string[];
  /** Seed of the fresh A matrices; B starts at 0, so that the model starts unchanged. */
  seed: number;
}

/** What a model remembers of its adapters. */
export interface LoraState {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank. */
  readonly scale: number;
  readonly dropout: number;
  readonly targetModules: readonly string[];
}

/**
 * Adds adapters to a model, in place, and freezes everything else: `trainable()` returns the adapters alone.
 * Dropout acts in forward passes that are given a `dropoutSeed`.
 *
 * @throws one line when an option is out of range, a target is no projection, or adapters are there already
 */
export function applyLora(model: CausalLM, options: LoraOptions): void {
  if (model.lora)
    throw new Error('applyLora: the model has adapters already; merge them first with mergeLora');
  const projections = projectionShapes(model.config);
  const known = Object.keys(projections).map((name) => name.split('.')[1]!);
  const { rank, alpha, dropout = 0, targetModules = known, seed } = options;
  check(rank >= 1 && Number.isInteger(rank), 'rank must be a whole number >= 1', rank);
  check(alpha > 0, 'alpha must be > 0', alpha);
  check(dropout >= 0 && dropout < 1, 'dropout must be in [0, 1)', dropout);
  check(targetModules.length > 0, 'targetModules must name at least one projection', '[]');
  for (const target of targetModules)
    check(known.includes(target), `targetModules must be among ${known.join(', ')}`, target);

  for (const parameter of Object.values(model.params)) parameter.trainable = false;
  for (let layer = 0; layer < model.config.num_hidden_layers; layer++)
    for (const [projection, [out, input]] of Object.entries(projections) as [string, [number, number]][]) {
      if (!targetModules.includes(projection.split('.')[1]!)) continue;
      const name = `model.layers.${layer}.${projection}`;
      // Kaiming's uniform distribution with a = √5, PyTorch's default for a linear layer, gives 1 / √in.
      const values = uniform(rank * input, 1 / Math.sqrt(input), seed, `${name}.lora_A`);
      model.params[`${name}.lora_A.weight`] = newVariable(values, [rank, input]);
      model.params[`${name}.lora_B.weight`] = tidy(() => variable(zeros([out, rank])));
    }
  model.lora = { rank, alpha, scale: alpha / rank, dropout, targetModules };
}

/** Adds scale · B A to the weights, in place, removes the adapters, and makes every parameter trainable again. */
export function mergeLora(model: CausalLM): void {
  if (!model.lora) throw new Error('mergeLora: the model has no adapters');
  const { scale } = model.lora;
  for (const name of adapterModules(model)) {
    const weight = model.params[`${name}.weight`]!;
    const down = take(model, `${name}.lora_A.weight`);
    const up = take(model, `${name}.lora_B.weight`);
    tidy(() => weight.assign(add(weight, mul(matMul(up, down), scale))));
    down.dispose();
    up.dispose();
  }
  for (const parameter of Object.values(model.params)) parameter.trainable = true;
  model.lora = undefined;
}

/** Names of the projections that carry an adapter. */
export function adapterModules(model: CausalLM): string[] {
  const suffix = '.lora_A.weight';
  return Object.keys(model.params)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length));
}

function newVariable(values: Float32Array, shape: number[]): Variable {
  return tidy(() => variable(tensor(values, shape)));
}

function take(model: CausalLM, name: string): Variable {
  const parameter = model.params[name]!;
  delete model.params[name];
  return parameter;
}

function check(holds: boolean, rule: string, found: unknown): void {
  if (!holds) throw new Error(`applyLora: ${rule}, found ${String(found)}`);
}
