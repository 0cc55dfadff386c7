import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** The state of one parameter: tensors by slot name, the names PyTorch uses (`exp_avg`, `momentum_buffer` ...). */
export type Slots = Record<string, Tensor>;

/** What one update of one parameter needs. */
export interface UpdateInput {
  /** Hugging Face name of the parameter. */
  name: string;
  param: Tensor;
  /** Gradient of the loss, of the shape of `param`. */
  grad: Tensor;
  slots: Slots;
  /** What `Optimizer.scalars` computed for this step, as tensors. */
  scalars: Record<string, Scalar>;
  /** 0 for a parameter that must not decay. */
  weightDecay: number;
}

/** The parameter and its state after an update. */
export interface UpdateOutput {
  param: Tensor;
  slots: Slots;
}

/**
 * An optimizer as pure functions, so that its state can be saved by name and its update compiled with the
 * rest of the step.
 */
export interface Optimizer {
  /** The word in a recipe. */
  readonly name: string;
  /** Weight decay before masking; the trainer passes it or 0 to `update`. */
  readonly weightDecay: number;
  /**
   * Everything that changes from step to step, in double precision on the host: one compiled update then
   * serves every step, and bias corrections lose no digits to float32.
   * @param step number of this update, from 1
   * @param lr learning rate of this step
   */
  scalars(step: number, lr: number): Record<string, number>;
  /** The state before the first update. */
  init(name: string, param: Tensor): Slots;
  /** One update of one parameter. Pure. */
  update(input: UpdateInput): UpdateOutput;
}
