import {
  add,
  div,
  mul,
  neg,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
} from '@tensorflow/tfjs-core';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/** The settings of one AdamW step. Whatever changes from step to step is a tensor. */
export interface AdamWOptions {
  /** float32 scalar. */
  learningRate: Scalar;
  /** float32 scalar, 1 at the first step. */
  step: Scalar;
  /** Decay of the mean of the gradient, default 0.9. */
  beta1?: number;
  /** Decay of the mean of its square, default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  eps?: number;
  /** Default 0.01. */
  weightDecay?: number;
}

/** What a step of Adam multiplies by, float32 scalars; whoever calls computes them, in double precision if need be. */
export interface AdamScalars {
  /** Share of the parameter that decays away: learning rate · weight decay. */
  decay: Scalar;
  /** Learning rate / (1 − beta1ᵗ). */
  stepSize: Scalar;
  /** 1 / √(1 − beta2ᵗ). */
  rootScale: Scalar;
  /** What the gradient is scaled by first, as clipping does. */
  gradientScale: Scalar;
}

/** What does not change from step to step. */
export interface AdamConstants {
  beta1: number;
  beta2: number;
  eps: number;
}

/**
 * One update of one parameter by AdamW (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization",
 * algorithm 2, with the schedule multiplier in the learning rate, as in PyTorch).
 *
 * @param param `[...]`
 * @param gradient the same shape
 * @param m the first moment, the same shape, zeros at first
 * @param v the second moment, likewise
 * @returns `[newParam, newM, newV]`
 */
export function adamW<T extends Tensor>(param: T, gradient: T, m: T, v: T, options: AdamWOptions): [T, T, T] {
  const { learningRate, step, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 } = options;
  const scalars: AdamScalars = {
    decay: mul(learningRate, weightDecay),
    stepSize: div(learningRate, biasCorrection(beta1, step)),
    rootScale: div(1, sqrt(biasCorrection(beta2, step))),
    gradientScale: scalar(1),
  };
  return adamUpdate(param, gradient, m, v, scalars, { beta1, beta2, eps });
}

/**
 * The update behind {@link adamW} with its scalars given: g = gradient · gradientScale,
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², param ← param − decay · param − stepSize · m / (√v · rootScale + eps).
 * On the onnx backend it is one pass over memory.
 *
 * @param param `[...]`; gradient, m and v the same shape
 * @returns `[newParam, newM, newV]`
 */
export function adamUpdate<T extends Tensor>(
  param: T,
  gradient: T,
  m: T,
  v: T,
  scalars: AdamScalars,
  constants: AdamConstants,
): [T, T, T] {
  if (!hasKernel('AdamUpdate')) return adamUpdateComposition(param, gradient, m, v, scalars, constants);
  return runKernel<[T, T, T]>('AdamUpdate', { param, gradient, m, v, ...scalars }, constants);
}

/** The same in plain operations. */
export function adamUpdateComposition<T extends Tensor>(
  param: T,
  gradient: T,
  m: T,
  v: T,
  { decay, stepSize, rootScale, gradientScale }: AdamScalars,
  { beta1, beta2, eps }: AdamConstants,
): [T, T, T] {
  const g = mul(gradient, gradientScale);
  const newM = add(mul(m, beta1), mul(g, 1 - beta1));
  const newV = add(mul(v, beta2), mul(square(g), 1 - beta2));
  const update = mul(div(newM, add(mul(sqrt(newV), rootScale), eps)), stepSize);
  return [sub(mul(param, sub(1, decay)), update), newM, newV] as [T, T, T];
}

/**
 * 1 − betaᵗ, accurate to float32 also where betaᵗ is close to 1: with h = tanh(t · ln(beta) / 2), eˣ − 1 is
 * 2h / (1 − h).
 */
function biasCorrection(beta: number, step: Scalar): Tensor {
  if (beta === 0) return div(step, step);
  const h = tanh(mul(step, Math.log(beta) / 2));
  return neg(div(mul(h, 2), sub(1, h)));
}

defineKernel('AdamUpdate', ({ g, inputs, attrs }: LoweringContext<AdamConstants>) => {
  const n = new Nodes(g);
  const { param, gradient, m, v, decay, stepSize, rootScale, gradientScale } = inputs as Record<
    'param' | 'gradient' | 'm' | 'v' | keyof AdamScalars,
    Value
  >;
  const { beta1, beta2, eps } = attrs;
  const [rest1, rest2] = [1 - beta1, 1 - beta2];
  if (g.native) {
    const given = [param, gradient, m, v, decay, stepSize, rootScale, gradientScale];
    return n.native('AdamW', given, [param, m, v], { beta1, beta2, eps, rest1, rest2 });
  }
  const scaled = n.mul(gradient, gradientScale);
  const newM = n.add(n.mul(m, beta1), n.mul(scaled, rest1));
  const newV = n.add(n.mul(v, beta2), n.mul(n.mul(scaled, scaled), rest2));
  const update = n.mul(n.div(newM, n.add(n.mul(n.sqrt(newV), rootScale), eps)), stepSize);
  return [n.sub(n.mul(param, n.add(n.neg(decay), 1)), update), newM, newV];
});
