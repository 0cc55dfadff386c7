/** Gradients of the elementwise functions of two or more arguments, which broadcast. */
import {
  add,
  cast,
  clone,
  div,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  mul,
  neg,
  pow,
  square,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { float, register, unbroadcast } from './shared.ts';

type Derivative = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor;

function binary(kernelName: string, da: Derivative, db: Derivative, saveOutput = false): void {
  register(kernelName, {
    save: ['a', 'b'],
    saveOutput,
    gradient: (dy, [a, b, y]) => ({
      a: () => own(unbroadcast(da(dy, float(a!), float(b!), y!), a!.shape), dy),
      b: () => own(unbroadcast(db(dy, float(a!), float(b!), y!), b!.shape), dy),
    }),
  });
}

/**
 * A tensor of its own where the gradient is dy itself: TensorFlow.js disposes of what it has added up, and dy may
 * still be needed elsewhere (x + (x − c)).
 */
function own(gradient: Tensor, dy: Tensor): Tensor {
  return gradient === dy ? clone(dy) : gradient;
}

const passWhere = (condition: Tensor, dy: Tensor) => mul(dy, cast(condition, 'float32'));
const zero: Derivative = (dy) => zerosLike(float(dy));

binary(
  'Add',
  (dy) => dy,
  (dy) => dy,
);
binary(
  'Sub',
  (dy) => dy,
  (dy) => neg(dy),
);
binary(
  'Multiply',
  (dy, _a, b) => mul(dy, b),
  (dy, a) => mul(dy, a),
);
for (const kernelName of ['RealDiv', 'FloorDiv']) {
  binary(
    kernelName,
    (dy, _a, b) => div(dy, b),
    (dy, a, b) => neg(div(mul(dy, a), square(b))),
  );
}
binary(
  'Maximum',
  (dy, a, b) => passWhere(greaterEqual(a, b), dy),
  (dy, a, b) => passWhere(less(a, b), dy),
);
binary(
  'Minimum',
  (dy, a, b) => passWhere(lessEqual(a, b), dy),
  (dy, a, b) => passWhere(greater(a, b), dy),
);
binary(
  'Mod',
  (dy) => dy,
  (dy, a, b) => neg(mul(dy, floor(div(a, b)))),
);
binary(
  'SquaredDifference',
  (dy, a, b) => mul(dy, mul(sub(a, b), 2)),
  (dy, a, b) => mul(dy, mul(sub(b, a), 2)),
);
binary(
  'Atan2',
  (dy, a, b) => mul(dy, div(b, add(square(a), square(b)))),
  (dy, a, b) => neg(mul(dy, div(a, add(square(a), square(b))))),
);
binary(
  'Pow',
  (dy, a, b) => mul(dy, mul(b, pow(a, sub(b, 1)))),
  // Outside of a > 0 the exponent has no real slope; 0 keeps the rest of the gradient usable.
  (dy, a, _b, y) => mul(dy, mul(y, where(greater(a, 0), log(a), zerosLike(a)))),
  true,
);
binary('GreaterEqual', zero, zero);

register('AddN', {
  saveAll: true,
  gradient: (dy, inputs) => Object.fromEntries(inputs.map((_, i) => [i, () => dy])),
});
register('Prelu', {
  save: ['x', 'alpha'],
  gradient: (dy, [x, alpha]) => ({
    x: () => where(greater(x!, 0), dy, mul(dy, alpha!)),
    alpha: () => unbroadcast(where(greater(x!, 0), zerosLike(dy), mul(dy, x!)), alpha!.shape),
  }),
});
// `where` has broadcast the condition and both branches to one shape before the kernel runs.
register('Select', {
  save: ['condition'],
  gradient: (dy, [condition]) => ({
    condition: () => zerosLike(cast(condition!, 'float32')),
    t: () => where(condition!, dy, zerosLike(dy)),
    e: () => where(condition!, zerosLike(dy), dy),
  }),
});
