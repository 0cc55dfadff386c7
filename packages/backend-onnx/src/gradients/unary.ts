/** Gradients of the elementwise functions of one argument: dx = dy · f'(x), written in x or in y = f(x). */
import {
  add,
  cos,
  cosh,
  div,
  exp,
  greater,
  greaterEqual,
  lessEqual,
  logicalAnd,
  mul,
  neg,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { float, register } from './shared.ts';

type OfInput<A> = (dy: Tensor, x: Tensor, attrs: A) => Tensor;

function ofInput<A>(kernelName: string, derivative: OfInput<A>, input = 'x'): void {
  register<A>(kernelName, {
    save: [input],
    gradient: (dy, [x], attrs) => ({ [input]: () => derivative(dy, float(x!), attrs) }),
  });
}

function ofOutput(kernelName: string, derivative: (dy: Tensor, y: Tensor) => Tensor): void {
  register(kernelName, { saveOutput: true, gradient: (dy, [y]) => ({ x: () => derivative(dy, y!) }) });
}

const oneMinusSquare = (x: Tensor) => sub(1, square(x));

ofInput('Abs', (dy, x) => mul(dy, sign(x)));
ofInput('Acos', (dy, x) => neg(div(dy, sqrt(oneMinusSquare(x)))));
ofInput('Acosh', (dy, x) => div(dy, sqrt(sub(square(x), 1))));
ofInput('Asin', (dy, x) => div(dy, sqrt(oneMinusSquare(x))));
ofInput('Asinh', (dy, x) => div(dy, sqrt(add(square(x), 1))));
ofInput('Atan', (dy, x) => div(dy, add(square(x), 1)));
ofInput('Atanh', (dy, x) => div(dy, oneMinusSquare(x)));
ofInput('Cos', (dy, x) => neg(mul(dy, sin(x))));
ofInput('Cosh', (dy, x) => mul(dy, sinh(x)));
ofInput('Erf', (dy, x) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));
ofInput('Expm1', (dy, x) => mul(dy, exp(x)));
ofInput('Log', (dy, x) => div(dy, x));
ofInput('Log1p', (dy, x) => div(dy, add(x, 1)));
ofInput('Reciprocal', (dy, x) => neg(div(dy, square(x))));
ofInput('Sin', (dy, x) => mul(dy, cos(x)));
ofInput('Sinh', (dy, x) => mul(dy, cosh(x)));
ofInput('Softplus', (dy, x) => mul(dy, sigmoid(x)));
ofInput('Square', (dy, x) => mul(dy, mul(x, 2)));
ofInput('Tan', (dy, x) => div(dy, square(cos(x))));

ofOutput('Exp', (dy, y) => mul(dy, y));
ofOutput('Rsqrt', (dy, y) => mul(mul(dy, -0.5), mul(y, square(y))));
ofOutput('Sqrt', (dy, y) => div(dy, mul(y, 2)));
ofOutput('Tanh', (dy, y) => mul(dy, oneMinusSquare(y)));
ofOutput('Sigmoid', (dy, y) => mul(dy, mul(y, sub(1, y))));

/** `dy` where `condition` holds and 0 elsewhere: a select, so that infinities in `dy` leave no NaN. */
const only = (condition: Tensor, dy: Tensor) => where(condition, dy, zerosLike(dy));

ofInput('Relu', (dy, x) => only(greater(x, 0), dy));
ofInput('Relu6', (dy, x) => only(logicalAnd(greater(x, 0), lessEqual(x, 6)), dy));
ofInput<{ alpha: number }>('LeakyRelu', (dy, x, { alpha }) => where(greater(x, 0), dy, mul(dy, alpha)));
ofInput<{ clipValueMin: number; clipValueMax: number }>(
  'ClipByValue',
  (dy, x, { clipValueMin, clipValueMax }) =>
    only(logicalAnd(greaterEqual(x, clipValueMin), lessEqual(x, clipValueMax)), dy),
);

// Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2.
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
ofInput('Selu', (dy, x) =>
  where(greater(x, 0), mul(dy, SELU_SCALE), mul(dy, mul(exp(x), SELU_SCALE * SELU_ALPHA))),
);
register('Elu', {
  saveOutput: true,
  gradient: (dy, [y]) => ({ x: () => where(greater(y!, 0), dy, mul(dy, add(y!, 1))) }),
});

register('Neg', { gradient: (dy) => ({ x: () => neg(dy) }) });
register('Identity', { gradient: (dy) => ({ x: () => float(dy) }) });
register('Cast', { gradient: (dy) => ({ x: () => float(dy) }) });

// Piecewise constant: no slope anywhere.
for (const kernelName of [
  'Ceil',
  'Floor',
  'IsFinite',
  'IsInf',
  'IsNan',
  'OnesLike',
  'Round',
  'Sign',
  'Step',
  'ZerosLike',
]) {
  register(kernelName, { gradient: (dy) => ({ x: () => zerosLike(float(dy)) }) });
}
