import type { Tensor } from '@tensorflow/tfjs-core';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/**
 * `x`, but on a backend that compiles only once the gradient `dy` is there: what is computed from it is computed
 * again in the backward pass. Without it, ONNX Runtime would recognise the computation, merge it with the one of the
 * forward pass and keep that one's results until they are needed.
 */
export function afterGradient<T extends Tensor>(x: T, dy: Tensor): T {
  return hasKernel('AfterGradient') ? runKernel<T>('AfterGradient', { x, dy }) : x;
}

defineKernel('AfterGradient', ({ g, inputs }: LoweringContext) =>
  afterGradientNode(new Nodes(g), inputs.x!, inputs.dy!),
);

/** Adds nothing that the optimizer could know to be nothing. */
export function afterGradientNode(n: Nodes, x: Value, dy: Value): Value {
  const size = dy.shape.reduce((a, b) => a * b, 1);
  const first = n.slice(n.reshape(dy, [size]), 0, 0, 1);
  return n.add(x, n.mul(n.reshape(first, []), 0));
}
