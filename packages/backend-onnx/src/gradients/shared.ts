import {
  broadcast_util,
  cast,
  type GradConfig,
  registerGradient,
  reshape,
  sum,
  type Tensor,
  util,
} from '@tensorflow/tfjs-core';

/** The gradients of a kernel's inputs, each computed only when the tape asks for it. */
export type InputGradients = Record<string, () => Tensor>;

/** What a kernel's gradient needs besides the incoming one. */
export interface GradientSpec<A> {
  /** Inputs to keep, in the order in which they arrive in `saved`. */
  save?: string[];
  /** Keep all inputs, for kernels that take a list. */
  saveAll?: boolean;
  /** Keep the output: it arrives last in `saved`. */
  saveOutput?: boolean;
  gradient: (dy: Tensor, saved: Tensor[], attrs: A) => InputGradients | (() => Tensor)[];
}

/** Registers the gradient of a kernel with one output, replacing any earlier one. */
export function register<A = Record<string, never>>(kernelName: string, spec: GradientSpec<A>): void {
  registerGradient({
    kernelName,
    inputsToSave: spec.save ?? [],
    saveAllInputs: spec.saveAll ?? false,
    outputsToSave: spec.saveOutput ? [true] : [],
    gradFunc: spec.gradient as unknown as GradConfig['gradFunc'],
  });
}

/** Sums `gradient` over the axes along which an input of shape `shape` was broadcast. */
export function unbroadcast(gradient: Tensor, shape: number[]): Tensor {
  if (util.arraysEqual(gradient.shape, shape)) return gradient;
  const axes = broadcast_util.getReductionAxes(shape, gradient.shape);
  const reduced = axes.length > 0 ? sum(gradient, axes) : gradient;
  return reshape(reduced, shape);
}

/** `x` as float32; gradients of integer inputs are float32 too. */
export function float(x: Tensor): Tensor {
  return x.dtype === 'float32' ? x : cast(x, 'float32');
}

/** The axes of a reduction: every axis when none is given, never negative. */
export function reductionAxes(axis: number | number[] | null | undefined, shape: number[]): number[] {
  return util.parseAxisParam(axis ?? shape.map((_, i) => i), shape);
}

/** Restores the reduced axes of `x` as axes of size 1. */
export function keepDims(x: Tensor, shape: number[], axes: number[]): Tensor {
  return reshape(
    x,
    shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}
