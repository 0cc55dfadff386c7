import { customGrad, type GradSaveFunc, gather, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/**
 * Some rows of a matrix, where it is known which: both it and its gradient copy rows, where the gradient of `gather` would
 * have to add up.
 *
 * @param x `[rows, ...]`
 * @param places int32 `[picked]`: which row of x each row of the result is. Rows that only fill up name a row that is not
 *   picked.
 * @param inverse int32 `[rows]`: where each row of x is in the result; for one that is not picked, a row that only fills up
 * @returns `[picked, ...]`. Its inverse is `pickRows(y, inverse, places)`, in which what was not picked is what fills up.
 */
export function pickRows<T extends Tensor>(x: T, places: Tensor1D, inverse: Tensor1D): T {
  const pick = customGrad(((rows: Tensor, to: Tensor1D, from: Tensor1D, save: GradSaveFunc) => {
    save([to, from]);
    return {
      value: gather(rows, to),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [forth, back] = saved as [Tensor1D, Tensor1D];
        return [pickRows(dy, back, forth), back, forth];
      },
    };
  }) as never) as unknown as (rows: Tensor, to: Tensor, from: Tensor) => T;
  return pick(x, places, inverse);
}
