/**
 * Gradients of the reductions. They broadcast the incoming gradient over the reduced axes; none allocates a host
 * tensor of ones, which would be uploaded on every step.
 */
import {
  backend_util,
  broadcastTo,
  cast,
  cumprod,
  cumsum,
  div,
  equal,
  exp,
  mul,
  reshape,
  sub,
  sum,
  transpose,
  util,
  zeros,
} from '@tensorflow/tfjs-core';
import { keepDims, reductionAxes, register } from './shared.ts';

type Axes = { axis?: number | number[] | null };

register<Axes>('Sum', {
  save: ['x'],
  gradient: (dy, [x], { axis }) => ({
    x: () => broadcastTo(keepDims(dy, x!.shape, reductionAxes(axis, x!.shape)), x!.shape),
  }),
});

register<Axes>('Mean', {
  save: ['x'],
  gradient: (dy, [x], { axis }) => ({
    x: () => {
      const axes = reductionAxes(axis, x!.shape);
      const count = util.sizeFromShape(axes.map((i) => x!.shape[i]!));
      return broadcastTo(keepDims(div(dy, count), x!.shape, axes), x!.shape);
    },
  }),
});

for (const kernelName of ['Max', 'Min']) {
  register<Axes & { reductionIndices?: number | number[] }>(kernelName, {
    save: ['x'],
    saveOutput: true,
    // Every element that ties for the extremum receives the whole gradient, as in TensorFlow.js.
    gradient: (dy, [x, y], { axis, reductionIndices }) => ({
      x: () => {
        const axes = reductionAxes(reductionIndices ?? axis, x!.shape);
        const chosen = cast(equal(x!, keepDims(y!, x!.shape, axes)), 'float32');
        return mul(keepDims(dy, x!.shape, axes), chosen);
      },
    }),
  });
}

register<Axes>('Prod', {
  save: ['x'],
  // The product of all others = (product of those before) · (product of those after): no division, zeros are fine.
  gradient: (dy, [x], { axis }) => ({
    x: () => {
      const axes = reductionAxes(axis, x!.shape);
      const permutation = backend_util.getAxesPermutation(axes, x!.rank);
      const inner = permutation ? transpose(x!, permutation) : x!;
      const outer = inner.shape.slice(0, x!.rank - axes.length);
      const flat = reshape(inner, [...outer, util.sizeFromShape(axes.map((i) => x!.shape[i]!))]);
      const last = flat.rank - 1;
      const others = mul(cumprod(flat, last, true, false), cumprod(flat, last, true, true));
      const gradient = reshape(mul(reshape(dy, [...outer, 1]), others), inner.shape);
      return permutation ? transpose(gradient, backend_util.getUndoAxesPermutation(permutation)) : gradient;
    },
  }),
});

register<{ axis: number; exclusive: boolean; reverse: boolean }>('Cumsum', {
  gradient: (dy, _saved, { axis, exclusive, reverse }) => ({
    x: () => cumsum(dy, axis, exclusive, !reverse),
  }),
});

for (const kernelName of ['ArgMax', 'ArgMin']) {
  register(kernelName, { save: ['x'], gradient: (_dy, [x]) => ({ x: () => zeros(x!.shape) }) });
}

register<{ dim: number }>('Softmax', {
  saveOutput: true,
  gradient: (dy, [y], { dim }) => ({
    logits: () => mul(y!, sub(dy, sum(mul(dy, y!), dim, true))),
  }),
});

register<{ axis: number }>('LogSoftmax', {
  saveOutput: true,
  gradient: (dy, [y], { axis }) => ({
    logits: () => sub(dy, mul(exp(y!), sum(dy, axis, true))),
  }),
});
