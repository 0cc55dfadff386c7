import { add, erf, mul, sigmoid, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/**
 * The gate of a SwiGLU feed-forward layer, silu(gate) · up with silu(x) = x · σ(x)
 * (Shazeer 2020, "GLU Variants Improve Transformer", equation 6).
 *
 * @param gate `[...]`
 * @param up the same shape
 * @returns the same shape
 */
export function swiglu<T extends Tensor>(gate: T, up: T): T {
  if (hasKernel('Swiglu')) return runKernel<T>('Swiglu', { gate, up });
  return swigluComposition(gate, up);
}

/** The same in plain operations. */
export function swigluComposition<T extends Tensor>(gate: T, up: T): T {
  return mul(mul(gate, sigmoid(gate)), up);
}

register('Swiglu', {
  save: ['gate', 'up'],
  gradient: (dy, [gate, up]) => {
    const [d0, d1] = runKernel<Tensor[]>('SwigluGrad', { dy, gate: gate!, up: up! });
    return { gate: () => d0!, up: () => d1! };
  },
});

defineKernel('Swiglu', ({ g, inputs }: LoweringContext) => {
  const n = new Nodes(g);
  const { gate, up } = inputs as { gate: Value; up: Value };
  if (g.native) return n.native('Swiglu', [gate, up], [gate])[0];
  return n.mul(silu(n, gate), up);
});

/** With s = σ(gate) and a = gate · s: dup = dy · a and dgate = dy · up · s · (1 + gate − a). */
defineKernel('SwigluGrad', ({ g, inputs }: LoweringContext) => {
  const n = new Nodes(g);
  const [dy, gate, up] = [inputs.dy!, inputs.gate!, inputs.up!];
  if (g.native) return n.native('SwigluGrad', [dy, gate, up], [gate, up]);
  const a = silu(n, gate);
  const slope = n.mul(n.add(n.sub(gate, a), 1), n.sigmoid(gate));
  return [n.mul(n.mul(dy, up), slope), n.mul(dy, a)];
});

/** x · σ(x) by one node. */
function silu(n: Nodes, x: Value): Value {
  return n.like('QuickGelu', x, { alpha: { f: 1 } }, 'com.microsoft');
}

/**
 * The gate of a GeGLU feed-forward layer, gelu(gate) · up (Shazeer 2020, equation 6).
 *
 * @param gate `[...]`
 * @param up the same shape
 * @param approximate `'none'` for x · Φ(x), the default; `'tanh'` for the approximation that Gemma uses
 * @returns the same shape
 */
export function geglu<T extends Tensor>(gate: T, up: T, approximate: 'none' | 'tanh' = 'none'): T {
  return mul(gelu(gate, approximate), up);
}

/**
 * The Gaussian error linear unit, x · Φ(x) (Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2).
 *
 * @param x `[...]`
 * @param approximate `'none'`, the default, or `'tanh'`: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
 * @returns the same shape
 */
export function gelu<T extends Tensor>(x: T, approximate: 'none' | 'tanh' = 'none'): T {
  const inner =
    approximate === 'tanh'
      ? tanh(mul(mul(x, add(mul(mul(x, x), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
      : erf(mul(x, Math.SQRT1_2));
  return mul(mul(x, 0.5), add(inner, 1));
}
