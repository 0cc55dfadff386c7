import { dropout, linear } from '@attune/backend-onnx/ops';
import { add, mul, type Scalar, scalar, type Tensor } from '@tensorflow/tfjs-core';
import { need, type Params } from './parameters.ts';

/** How adapters act in a forward pass. */
export interface AdapterContext {
  /** alpha / rank. */
  scale: number;
  /** Probability with which an adapter's input element is dropped, when there is a seed. */
  dropout: number;
  /** int32 scalar, another one each step; without it nothing is dropped. */
  seed?: Scalar;
}

/**
 * The linear layer `name`: W x + b, plus B (scale · A dropout(x)) where a LoRA adapter is present
 * (Hu et al. 2021, "LoRA", equation 3).
 *
 * @param x `[..., in]`
 * @param purpose a number that no other projection of the model has: it makes the dropout of each independent
 * @returns `[..., out]`
 */
export function project<T extends Tensor>(
  params: Params,
  name: string,
  x: T,
  adapters: AdapterContext | undefined,
  purpose: number,
): T {
  const y = linear(x, need(params, `${name}.weight`), params[`${name}.bias`]);
  const down = params[`${name}.lora_A.weight`];
  if (!down || !adapters) return y;
  const up = need(params, `${name}.lora_B.weight`);
  const dropped = adapters.seed ? dropout(x, adapters.dropout, purposeSeed(adapters.seed, purpose)) : x;
  return add(y, linear(mul(linear(dropped, down), adapters.scale), up));
}

/** More than the projections of any model: seeds of different steps and purposes stay different. */
const PURPOSES = 8192;

function purposeSeed(seed: Scalar, purpose: number): Scalar {
  return add(mul(seed, scalar(PURPOSES, 'int32')), scalar(purpose, 'int32'));
}
