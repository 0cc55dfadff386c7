import { gather, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';

/**
 * Rows of a table: the vectors of tokens.
 *
 * @param ids int32 `[...]`, each in [0, vocab)
 * @param weight `[vocab, d]`
 * @returns `[..., d]`
 */
export function embedding<R extends Tensor = Tensor>(ids: Tensor, weight: Tensor): R {
  const rows = gather(weight as Tensor2D, reshape(ids, [ids.size]) as never);
  return reshape(rows, [...ids.shape, weight.shape[1]!]) as R;
}
