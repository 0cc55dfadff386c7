import { dropout, linear } from '@attune/backend-onnx/ops';
import { add, mul, type Scalar, scalar, type Tensor } from '@tensorflow/tfjs-core';
import { need, type Params } from './parameters.ts';

/** How adapters act in a forward pass. */
export interface AdapterContext {
  /** alpha / rank. */
  scale: number;
  /** Probability with which an element of an adapter's input is dropped, when there is a seed. */
  dropout: number;
  /** int32 scalar, another one each step; without it nothing is dropped. */
  seed?: Scalar;
}

/** A tensor that goes into one or more projections, and what their adapters see of it. */
export interface ProjectionInput<T extends Tensor = Tensor> {
  x: T;
  /** x after dropout, computed when first asked for. The adapters of q, k and v share it, as do gate and up. */
  dropped: () => T;
}

/**
 * @param purpose a number that no other input of the model has: it makes the dropout of each independent
 */
export function projectionInput<T extends Tensor>(
  x: T,
  adapters: AdapterContext | undefined,
  purpose: number,
): ProjectionInput<T> {
  let dropped = adapters?.seed && adapters.dropout > 0 ? undefined : x;
  return {
    x,
    dropped: () => {
      dropped ??= dropout(x, adapters!.dropout, purposeSeed(adapters!.seed!, purpose));
      return dropped;
    },
  };
}

/**
 * The linear layer `name`: W x + b, plus B (scale · A dropout(x)) where a LoRA adapter is present
 * (Hu et al. 2021, "LoRA", equation 3).
 *
 * @param input `[..., in]`
 * @returns `[..., out]`
 */
export function project<T extends Tensor>(
  params: Params,
  name: string,
  input: ProjectionInput<T>,
  adapters: AdapterContext | undefined,
): T {
  const y = linear(input.x, need(params, `${name}.weight`), params[`${name}.bias`]);
  const down = params[`${name}.lora_A.weight`];
  if (!down || !adapters) return y;
  const up = need(params, `${name}.lora_B.weight`);
  return add(y, linear(mul(linear(input.dropped(), down), adapters.scale), up));
}

/** More than the inputs of any model: seeds of different steps and purposes stay different. */
const PURPOSES = 4096;

function purposeSeed(seed: Scalar, purpose: number): Scalar {
  return add(mul(seed, scalar(PURPOSES, 'int32')), scalar(purpose, 'int32'));
}
