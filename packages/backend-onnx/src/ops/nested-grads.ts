import { engine, grads, type Tensor } from '@tensorflow/tfjs-core';

/**
 * The gradients of `fn` at `inputs` for the incoming gradient `dy`, to be called inside another gradient function.
 * There `grads` alone fails: tfjs keeps one tape, and the inner differentiation would leave the outer one without.
 */
export function nestedGrads(fn: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], dy: Tensor): Tensor[] {
  const { state } = engine();
  const outerTape = state.activeTape;
  try {
    return grads(fn)(inputs, dy);
  } finally {
    state.activeTape = outerTape;
  }
}
