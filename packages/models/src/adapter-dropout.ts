import { randomUniform } from '@attune/backend-onnx/ops';
import {
  add,
  cast,
  floor,
  gather,
  greaterEqual,
  mul,
  reshape,
  type Scalar,
  scalar,
  slice,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';

/**
 * The random numbers of one forward pass, drawn once for all adapters. A number of its own for every element would
 * take longer than the adapters do. Instead each token takes one row from each of two tables, and its number in a
 * column is the fractional part of the two entries' sum: uniform, independent between the columns of a token, and
 * between tokens unless both take the same two of the 128 · 128 pairs of rows.
 */
export interface DropoutNumbers {
  /** Uniform in [0, 1), `[2 · 128, width]`. */
  table: Tensor2D;
  /** int32 in [0, 128), `[2 · inputs, tokens]`: the rows of input i are in rows 2i and 2i + 1. */
  picks: Tensor2D;
}

const TABLE_ROWS = 128;

/**
 * @param seed int32 scalar, another one each step
 * @param inputs how many tensors get a dropout of their own
 * @param tokens of the batch
 * @param width of the widest of them
 */
export function dropoutNumbers(seed: Scalar, inputs: number, tokens: number, width: number): DropoutNumbers {
  const doubled = mul(seed, scalar(2, 'int32')) as Scalar;
  const picks = mul(randomUniform([2 * inputs, tokens], add(doubled, scalar(1, 'int32'))), TABLE_ROWS);
  return {
    table: randomUniform([2 * TABLE_ROWS, width], doubled),
    picks: cast(floor(picks), 'int32') as Tensor2D,
  };
}

/**
 * Dropout: zeroes each element of x with probability `rate` and scales the others by 1 / (1 − rate)
 * (Srivastava et al. 2014).
 *
 * @param x `[..., width]`
 * @param input which of the pass's inputs x is: each has a dropout of its own
 */
export function adapterDropout<T extends Tensor>(
  x: T,
  rate: number,
  numbers: DropoutNumbers,
  input: number,
): T {
  const width = x.shape.at(-1)!;
  const tokens = x.size / width;
  const entries = [0, 1].map((which) => {
    const table = slice(numbers.table, [which * TABLE_ROWS, 0], [TABLE_ROWS, width]);
    const pick = slice(numbers.picks, [2 * input + which, 0], [1, tokens]);
    return gather(table, reshape(pick, [tokens]) as Tensor1D);
  });
  const total = add(entries[0]!, entries[1]!);
  const kept = cast(greaterEqual(sub(total, floor(total)), rate), 'float32');
  return mul(x, mul(reshape(kept, x.shape), 1 / (1 - rate)));
}
