import { add, mean, mul, rsqrt, square, sub, type Tensor, util } from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/**
 * Layer normalisation over the last axis, (x − mean) / √(variance + eps) · weight + bias
 * (Ba, Kiros and Hinton 2016, "Layer Normalization", equation 4).
 *
 * @param x `[..., d]`
 * @param weight `[d]`
 * @param bias `[d]`
 * @param eps added to the variance, default 1e-5
 * @returns `[..., d]`
 */
export function layerNorm<T extends Tensor>(x: T, weight: Tensor, bias?: Tensor | null, eps = 1e-5): T {
  if (!hasKernel('LayerNorm')) return layerNormComposition(x, weight, bias, eps);
  const y = runKernel<T>('LayerNorm', { x, weight }, { eps });
  return (bias ? add(y, bias) : y) as T;
}

/** The same in plain operations. */
export function layerNormComposition<T extends Tensor>(
  x: T,
  weight: Tensor,
  bias?: Tensor | null,
  eps = 1e-5,
): T {
  const centered = sub(x, mean(x, -1, true));
  const inverse = rsqrt(add(mean(square(centered), -1, true), eps));
  const y = mul(mul(centered, inverse), weight);
  return (bias ? add(y, bias) : y) as T;
}

type Attributes = { eps: number };

register<Attributes>('LayerNorm', {
  save: ['x', 'weight'],
  gradient: (dy, [x, weight], { eps }) => {
    const [d0, d1] = runKernel<Tensor[]>('LayerNormGrad', { dy, x: x!, weight: weight! }, { eps });
    return { x: () => d0!, weight: () => d1! };
  },
});

defineKernel('LayerNorm', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  return normalize(new Nodes(g), inputs.x!, inputs.weight!, attrs.eps).y;
});

/** With z = (x − mean) r and u = dy ⊙ weight: dx = r (u − mean(u) − z mean(u ⊙ z)) and dweight = Σ rows of dy ⊙ z. */
defineKernel('LayerNormGrad', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  const n = new Nodes(g);
  const { shape } = inputs.x!;
  const d = shape.at(-1)!;
  const rows = util.sizeFromShape([...shape]) / d;
  const x = n.reshape(inputs.x!, [rows, d]);
  const dy = n.reshape(inputs.dy!, [rows, d]);
  const { mean, inverse } = normalize(n, x, inputs.weight!, attrs.eps);
  const z = n.mul(n.sub(x, mean), inverse);
  const dyz = n.mul(dy, z);
  const weight = n.reshape(inputs.weight!, [d, 1]);
  const rowMean = (value: Value) => n.mul(n.matMul(value, weight), 1 / d);
  const pull = n.add(n.mul(z, rowMean(dyz)), rowMean(dy));
  const dx = n.mul(n.sub(n.mul(dy, inputs.weight!), pull), inverse);
  return [n.reshape(dx, shape), n.sumRows(dyz)];
});

/** The normalised rows, and the mean and inverse standard deviation of each, `[rows, 1]`. */
function normalize(n: Nodes, x: Value, weight: Value, eps: number) {
  const d = x.shape.at(-1)!;
  const rows = util.sizeFromShape([...x.shape]) / d;
  const column = { type: 'float32', shape: [rows, 1] } as const;
  const [y, mean, inverse] = n.g.multi(
    'LayerNormalization',
    [n.reshape(x, [rows, d]), weight],
    [{ type: 'float32', shape: [rows, d] }, column, column],
    { axis: -1, epsilon: { f: eps } },
  );
  return { y: n.reshape(y!, x.shape), mean: mean!, inverse: inverse! };
}
