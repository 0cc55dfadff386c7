import { linear } from '@attune/backend-onnx/ops';
import { add, mul, type Tensor } from '@tensorflow/tfjs-core';
import { adapterDropout, type DropoutNumbers } from './adapter-dropout.ts';
import { need, type Params } from './parameters.ts';

/** How adapters act in a forward pass. */
export interface AdapterContext {
  /** alpha / rank. */
  scale: number;
  /** Probability with which an element of an adapter's input is dropped. */
  dropout: number;
  /** Without them nothing is dropped. */
  numbers?: DropoutNumbers;
}

/** A tensor that goes into one or more projections, and what their adapters see of it. */
export interface ProjectionInput<T extends Tensor = Tensor> {
  x: T;
  /** x after dropout, computed when first asked for. The adapters of q, k and v share it, as do gate and up. */
  dropped: () => T;
}

/** @param index which of the model's projection inputs x is: each has a dropout of its own */
export function projectionInput<T extends Tensor>(
  x: T,
  adapters: AdapterContext | undefined,
  index: number,
): ProjectionInput<T> {
  const { numbers, dropout = 0 } = adapters ?? {};
  let dropped: T | undefined = numbers && dropout > 0 ? undefined : x;
  return {
    x,
    dropped: () => {
      dropped ??= adapterDropout(x, dropout, numbers!, index);
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
