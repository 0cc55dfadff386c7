import { add, mean, mul, rsqrt, square, type Tensor, util } from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/**
 * Root-mean-square normalisation over the last axis, x / √(mean(x²) + eps) · weight
 * (Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4).
 *
 * @param x `[..., d]`
 * @param weight `[d]`
 * @param eps added to the mean square, default 1e-6
 * @returns `[..., d]`
 */
export function rmsNorm<T extends Tensor>(x: T, weight: Tensor, eps = 1e-6): T {
  if (hasKernel('RmsNorm')) return runKernel<T>('RmsNorm', { x, weight }, { eps });
  return rmsNormComposition(x, weight, eps);
}

/** The same in plain operations. */
export function rmsNormComposition<T extends Tensor>(x: T, weight: Tensor, eps = 1e-6): T {
  const inverse = rsqrt(add(mean(square(x), -1, true), eps));
  return mul(mul(x, inverse), weight);
}

type Attributes = { eps: number };

register<Attributes>('RmsNorm', {
  save: ['x', 'weight'],
  gradient: (dy, [x, weight], { eps }) => {
    const [d0, d1] = runKernel<Tensor[]>('RmsNormGrad', { dy, x: x!, weight: weight! }, { eps });
    return { x: () => d0!, weight: () => d1! };
  },
});

defineKernel('RmsNorm', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  return normalize(new Nodes(g), inputs.x!, inputs.weight!, attrs.eps).y;
});

/**
 * With r = 1 / √(mean(x²) + eps), p = dy ⊙ x and s = Σ (p ⊙ weight) over a row:
 * dx = r (dy ⊙ weight) − x r³ s / d and dweight = Σ over rows of r p. Both sums are matrix products.
 */
defineKernel('RmsNormGrad', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  const n = new Nodes(g);
  const d = inputs.x!.shape.at(-1)!;
  const rows = util.sizeFromShape([...inputs.x!.shape]) / d;
  const [x, dy] = [inputs.x!, inputs.dy!].map((value) => n.reshape(value, [rows, d])) as [Value, Value];
  const weight = inputs.weight!;

  // The same node as in the forward pass, which is then computed only once.
  const { inverse } = normalize(n, x, weight, attrs.eps);
  if (g.native && d % 16 === 0) {
    const [dx, dWeight] = n.native('RmsNormGrad', [dy, x, weight, inverse], [x, weight]);
    return [n.reshape(dx, inputs.x!.shape), dWeight];
  }
  const p = n.mul(dy, x);
  const s = n.matMul(p, n.reshape(weight, [d, 1]));
  const pull = n.mul(n.mul(n.mul(inverse, inverse), inverse), n.mul(s, 1 / d));
  const dx = n.sub(n.mul(n.mul(dy, weight), inverse), n.mul(x, pull));
  const dWeight = n.matMul(n.reshape(inverse, [1, rows]), p);
  return [n.reshape(dx, inputs.x!.shape), n.reshape(dWeight, [d])];
});

/** The normalised rows and the inverse of their root mean square, `[..., 1]`. */
function normalize(n: Nodes, x: Value, weight: Value, eps: number): { y: Value; inverse: Value } {
  const d = x.shape.at(-1)!;
  const rows = util.sizeFromShape([...x.shape]) / d;
  const float = 'float32';
  const [y, inverse] = n.g.multi(
    'SimplifiedLayerNormalization',
    [n.reshape(x, [rows, d]), weight],
    [
      { type: float, shape: [rows, d] },
      { type: float, shape: [rows, 1] },
    ],
    { axis: -1, epsilon: { f: eps }, stash_type: 1 },
  );
  return { y: n.reshape(y!, x.shape), inverse: inverse! };
}
