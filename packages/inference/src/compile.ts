import { tidy } from '@tensorflow/tfjs-core';

export function compile<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<R> {
  return async (...args) => tidy(() => fn(...args) as never) as R;
}
