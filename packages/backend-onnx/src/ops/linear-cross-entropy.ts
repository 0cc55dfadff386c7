import {
  add,
  concat,
  customGrad,
  type GradSaveFunc,
  reshape,
  slice,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { afterGradient } from './barrier.ts';
import { type CrossEntropyOptions, crossEntropy } from './cross-entropy.ts';
import { linear } from './linear.ts';
import { nestedGrads } from './nested-grads.ts';

/** A cross-entropy's options and the size of the pieces it is computed in. */
export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  /** Tokens whose logits exist at the same time, default as many as make 96 MiB of logits. */
  chunk?: number;
}

const DEFAULT_CHUNK_ELEMENTS = 24 * 2 ** 20;

/**
 * `crossEntropy(linear(hidden, weight), labels)` without ever holding all logits, if they are many: it goes through the
 * tokens in chunks, and computes each chunk's logits once more for the gradient. One chunk is computed plainly.
 *
 * @param hidden `[..., d]`
 * @param weight the output layer, `[vocab, d]`
 * @param labels int32 `[...]`
 * @returns the loss per token, `[...]`, 0 where ignored
 */
export function linearCrossEntropy<R extends Tensor = Tensor>(
  hidden: Tensor,
  weight: Tensor,
  labels: Tensor,
  { chunk, ...options }: LinearCrossEntropyOptions = {},
): R {
  const [vocab, d] = weight.shape as [number, number];
  const tokens = labels.size;
  const size = chunk ?? Math.max(1, Math.floor(DEFAULT_CHUNK_ELEMENTS / vocab));
  if (size >= tokens) return crossEntropy(linear(hidden, weight), labels, options);
  const starts = Array.from({ length: Math.ceil(tokens / size) }, (_, i) => i * size);
  const part = (x: Tensor, start: number) => slice(x, start, Math.min(size, tokens - start));

  const loss = customGrad(((rows: Tensor, w: Tensor, flatLabels: Tensor, save: GradSaveFunc) => {
    save([rows, w, flatLabels]);
    const losses = starts.map((start) =>
      crossEntropy(linear(part(rows, start), w), part(flatLabels, start), options),
    );
    return {
      value: concat(losses),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, matrix, y] = saved as [Tensor, Tensor, Tensor];
        const again = afterGradient(x, dy);
        const pieces = starts.map((start) => {
          const chunkLoss = (h: Tensor, m: Tensor) => crossEntropy(linear(h, m), part(y, start), options);
          return nestedGrads(chunkLoss as never, [part(again, start), matrix], part(dy, start)) as [
            Tensor,
            Tensor,
          ];
        });
        const dRows = concat(pieces.map(([dx]) => dx));
        const dWeight = pieces.map(([, dm]) => dm).reduce((a, b) => add(a, b));
        return [dRows, dWeight, dy];
      },
    };
  }) as never);
  return reshape(loss(reshape(hidden, [tokens, d]), weight, reshape(labels, [tokens])), labels.shape) as R;
}
