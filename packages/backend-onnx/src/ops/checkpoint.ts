import { customGrad, type GradSaveFunc, type Tensor } from '@tensorflow/tfjs-core';
import { afterGradient } from './barrier.ts';
import { nestedGrads } from './nested-grads.ts';

/**
 * Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): the values inside `fn`
 * are dropped after the forward pass and computed again for the backward pass.
 *
 * Gradients flow to the arguments only: pass the parameters that `fn` trains as arguments too, do not capture them.
 *
 * @param fn a pure function of float32 tensors with one result
 * @param constants what `fn` needs beside them (masks, tables), of any type, handed to it after its arguments. They get
 * no gradient. A tensor that `fn` merely captured could be gone when the backward pass comes.
 * @returns `fn` without its constants, with the same value and the same gradients
 */
export function checkpoint<A extends Tensor[], R extends Tensor>(
  fn: (...args: [...A, ...Tensor[]]) => R,
  constants: readonly Tensor[] = [],
): (...args: A) => R {
  return (...args: A) => {
    const withGradient = customGrad(((...inputs: unknown[]) => {
      const save = inputs.pop() as GradSaveFunc;
      const tensors = inputs as A;
      save([...tensors, ...constants]);
      return {
        value: fn(...tensors, ...constants),
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const kept = saved.slice(args.length);
          const again = (...xs: Tensor[]) => fn(...(xs as A), ...kept);
          const [first, ...others] = saved.slice(0, args.length) as [Tensor, ...Tensor[]];
          return nestedGrads(again, [afterGradient(first, dy), ...others], dy);
        },
      };
    }) as never);
    return withGradient(...args) as R;
  };
}
