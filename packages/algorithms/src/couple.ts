import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { BatchKind, BatchKinds } from './batches.ts';
import type { AlgorithmDefinition } from './definition.ts';

/** A step whose examples know of each other. */
export interface CoupledStep<K extends BatchKind> {
  /** The micro-batches, with `coupled` where the algorithm needs it. */
  batches: BatchKinds[K][];
  /** What the next step's call gets as `state`. Plain JSON. */
  state: unknown;
}

/**
 * Runs a definition's coupling over a whole step, for a loop of your own: measures every micro-batch, combines what was
 * measured, and hands each its part. Batches come back as they are when the algorithm and its options need none.
 * Reads values, so call it outside of a compiled function and before the gradient.
 *
 * @param batches the micro-batches of one optimizer step, in order, without rows that only fill up
 * @param state what the last step's call returned
 * @throws what the coupling throws, e.g. when the step has too few examples
 */
export function coupleStep<K extends BatchKind>(
  { coupling }: Pick<AlgorithmDefinition<K>, 'coupling'>,
  options: unknown,
  batches: readonly BatchKinds[K][],
  state?: unknown,
): CoupledStep<K> {
  if (!coupling || coupling.applies?.(options) === false) return { batches: [...batches], state };
  const parts = batches.map((batch) => {
    const measured = tf.tidy(() => coupling.measure(batch, options));
    const host = Object.entries(measured).map(([name, x]) => [name, x.dataSync() as Float32Array] as const);
    tf.dispose(measured);
    return new Map(host);
  });
  const names = [...parts[0]!.keys()];
  const sizes = parts.map((part) => part.get(names[0]!)!.length);
  const measured = Object.fromEntries(
    names.map((name) => [name, Float32Array.from(parts.flatMap((part) => Array.from(part.get(name)!)))]),
  );
  const found = coupling.combine(measured, options, state);
  let from = 0;
  const coupledBatches = batches.map((batch, i) => {
    const to = from + sizes[i]!;
    const coupled: Record<string, Tensor1D> = Object.fromEntries(
      Object.entries(found.coupled).map(([name, values]) => [name, tf.tensor1d(values.subarray(from, to))]),
    );
    from = to;
    return { ...batch, coupled };
  });
  return { batches: coupledBatches, state: found.state };
}
