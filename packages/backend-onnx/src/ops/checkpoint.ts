import { customGrad, type GradSaveFunc, type Tensor } from '@tensorflow/tfjs-core';
import { nestedGrads } from './nested-grads.ts';

/**
 * Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): the values inside `fn`
 * are dropped after the forward pass and computed again for the backward pass.
 *
 * Gradients flow to the arguments only: pass the parameters that `fn` trains as arguments too, do not capture them.
 *
 * @param fn a pure function of float32 tensors with one result
 * @returns `fn` with the same value and the same gradients
 */
export function checkpoint<A extends Tensor[], R extends Tensor>(fn: (...args: A) => R): (...args: A) => R {
  return (...args: A) => {
    const withGradient = customGrad(((...inputs: unknown[]) => {
      const save = inputs.pop() as GradSaveFunc;
      const tensors = inputs as A;
      save(tensors);
      return {
        value: fn(...tensors),
        gradFunc: (dy: Tensor, saved: Tensor[]) => nestedGrads(fn as never, saved, dy),
      };
    }) as never);
    return withGradient(...args) as R;
  };
}
