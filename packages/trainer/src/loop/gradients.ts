import * as tf from '@tensorflow/tfjs-core';

/** Tensors by parameter name. */
export type Named<T = tf.Tensor> = Record<string, T>;

/**
 * Loss and gradients with respect to named variables. A variable the loss does not reach gets zeros, as its
 * optimizer state must still advance. The caller disposes of the metrics.
 */
export function lossAndGradients<T extends { loss: tf.Scalar; metrics: Named<tf.Scalar> }>(
  compute: () => T,
  variables: Named<tf.Variable>,
): { result: T; grads: Named } {
  let result: T | undefined;
  const names = Object.keys(variables);
  const byId = new Map(names.map((name) => [variables[name]!.name, name]));
  const found = tf.variableGrads(
    () => {
      result = compute();
      // Or they would be disposed of together with the forward pass.
      for (const metric of Object.values(result.metrics)) tf.keep(metric);
      return result.loss;
    },
    names.map((name) => variables[name]!),
  );
  const grads: Named = {};
  for (const [id, grad] of Object.entries(found.grads)) grads[byId.get(id)!] = grad;
  for (const name of names) grads[name] ??= tf.zerosLike(variables[name]!);
  return { result: { ...result!, loss: found.value }, grads };
}

/** Sum of squares of each gradient, `[parameters]`. */
export function squaredNorms(grads: Named): tf.Tensor1D {
  return tf.stack(Object.values(grads).map((grad) => tf.sum(tf.square(grad)))) as tf.Tensor1D;
}

/**
 * The factor that brings gradients to a global norm of at most `clipNorm`; 1 when `clipNorm` is 0.
 * Pascanu et al., "On the difficulty of training recurrent neural networks", algorithm 1
 * (https://arxiv.org/abs/1211.5063), with PyTorch's 1e-6 against division by zero.
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return clipNorm === 0 ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
}
