import { add, div, mul, neg, type Scalar, sqrt, square, sub, type Tensor, tanh } from '@tensorflow/tfjs-core';
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
  if (!hasKernel('AdamW')) return adamWComposition(param, gradient, m, v, options);
  const { learningRate, step, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 } = options;
  const inputs = { param, gradient, m, v, learningRate, step };
  return runKernel<[T, T, T]>('AdamW', inputs, { beta1, beta2, eps, weightDecay });
}

/** The same in plain operations. */
export function adamWComposition<T extends Tensor>(
  param: T,
  gradient: T,
  m: T,
  v: T,
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 }: AdamWOptions,
): [T, T, T] {
  const newM = add(mul(m, beta1), mul(gradient, 1 - beta1));
  const newV = add(mul(v, beta2), mul(square(gradient), 1 - beta2));
  const denominator = add(sqrt(div(newV, biasCorrection(beta2, step))), eps);
  const update = div(mul(newM, div(learningRate, biasCorrection(beta1, step))), denominator);
  const decayed = mul(param, sub(1, mul(learningRate, weightDecay)));
  return [sub(decayed, update), newM, newV] as [T, T, T];
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

type Attributes = { beta1: number; beta2: number; eps: number; weightDecay: number };

/**
 * The scalars, which all parameters share, are gathered so that few passes over the parameter remain: with the
 * corrections c1 = 1 − beta1ᵗ and c2 = 1 − beta2ᵗ, lr/c1 · m / (√(v/c2) + eps) = (lr √c2/c1) · m / (√v + eps √c2).
 */
defineKernel('AdamW', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  const n = new Nodes(g);
  const { param, gradient, m, v, learningRate, step } = inputs as Record<string, Value> & typeof inputs;
  const { beta1, beta2, eps, weightDecay } = attrs;
  const root = n.sqrt(correction(n, beta2, step!));
  const rate = n.div(n.mul(learningRate!, root), correction(n, beta1, step!));

  const newM = n.add(n.mul(m!, beta1), n.mul(gradient!, 1 - beta1));
  const newV = n.add(n.mul(v!, beta2), n.mul(n.mul(gradient!, gradient!), 1 - beta2));
  const update = n.div(n.mul(newM, rate), n.add(n.sqrt(newV), n.mul(root, eps)));
  const decayed = weightDecay ? n.mul(param!, n.add(n.mul(learningRate!, -weightDecay), 1)) : param!;
  return [n.sub(decayed, update), newM, newV];
});

/** As `biasCorrection`. */
function correction(n: Nodes, beta: number, step: Value): Value {
  if (beta === 0) return n.number(1);
  const h = n.tanh(n.mul(step, Math.log(beta) / 2));
  return n.div(n.mul(h, -2), n.add(n.neg(h), 1));
}
