/** Elementwise functions of one tensor. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, numeric, scalar, select, unary } from './support.ts';

/** Defines a kernel of a float32 tensor; whole numbers become float32 first. */
function ofFloats<A>(kernelName: string, lower: (g: GraphBuilder, x: Value, attrs: A) => Value): void {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<A>) =>
    lower(g, g.cast(inputs.x!, 'float32'), attrs),
  );
}

/** Defines a kernel whose result has the type of its argument. */
function ofNumbers<A>(kernelName: string, lower: (g: GraphBuilder, x: Value, attrs: A) => Value): void {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<A>) => {
    const x = inputs.x!;
    return g.cast(lower(g, numeric(g, x), attrs), x.type);
  });
}

/** Kernels that are one ONNX operator on float32. */
const FLOAT_OPERATORS = {
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Log: 'Log',
  Sigmoid: 'Sigmoid',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Sqrt: 'Sqrt',
  Tanh: 'Tanh',
};
for (const [kernelName, opType] of Object.entries(FLOAT_OPERATORS)) {
  ofFloats(kernelName, (g, x) => unary(g, opType, x));
}

defineKernel('Exp', ({ g, inputs }: LoweringContext) => {
  const x = inputs.x!;
  if (x.type === 'float32') return unary(g, 'Exp', x);
  return g.cast(unary(g, 'Exp', g.cast(x, 'float64')), 'float32');
});

// In float64: the float32 operator loses the last bit of large arguments, which decides near the poles.
ofFloats('Tan', (g, x) => {
  const wide = g.cast(x, 'float64');
  return g.cast(binary(g, 'Div', unary(g, 'Sin', wide), unary(g, 'Cos', wide)), 'float32');
});

/** Kernels that are one ONNX operator on float32 and on int32. */
const NUMBER_OPERATORS = { Abs: 'Abs', Neg: 'Neg' };
for (const [kernelName, opType] of Object.entries(NUMBER_OPERATORS)) {
  ofNumbers(kernelName, (g, x) => unary(g, opType, x));
}

/** Whole numbers are their own floor, ceiling and nearest whole number; ties go to the even one. */
for (const kernelName of ['Ceil', 'Floor', 'Round']) {
  ofNumbers(kernelName, (g, x) => (x.type === 'float32' ? unary(g, kernelName, x) : x));
}

ofNumbers('Square', (g, x) => binary(g, 'Mul', x, x));
ofFloats('Rsqrt', (g, x) => unary(g, 'Reciprocal', unary(g, 'Sqrt', x)));
ofNumbers('Reciprocal', (g, x) => g.cast(unary(g, 'Reciprocal', g.cast(x, 'float32')), x.type));

/** TensorFlow.js gives a NaN the sign 0. */
ofNumbers('Sign', (g, x) => {
  if (x.type !== 'float32') return unary(g, 'Sign', x);
  return select(g, test(g, 'IsNaN', x), scalar(g, 0, 'float32'), unary(g, 'Sign', x));
});

// Near 0, exp(x) − 1 cancels; 2 tanh(x/2) / (1 − tanh(x/2)) is the same function and does not.
ofFloats('Expm1', (g, x) => {
  const one = scalar(g, 1, 'float32');
  const half = scalar(g, 0.5, 'float32');
  const t = unary(g, 'Tanh', binary(g, 'Mul', x, half));
  const small = binary(g, 'Div', binary(g, 'Add', t, t), binary(g, 'Sub', one, t));
  const large = binary(g, 'Sub', unary(g, 'Exp', x), one);
  return select(g, compare(g, 'Less', unary(g, 'Abs', x), half), small, large);
});

ofFloats('Log1p', (g, x) => {
  const isSmall = compare(g, 'Less', unary(g, 'Abs', x), scalar(g, 0.5, 'float32'));
  return select(g, isSmall, log1pSmall(g, x), unary(g, 'Log', binary(g, 'Add', x, scalar(g, 1, 'float32'))));
});

/** log(1 + x) for −½ < x ≤ 1. Near 0, 1 + x rounds to u; what was rounded off counts as log(1 + (x − (u − 1)) / u). */
export function log1pSmall(g: GraphBuilder, x: Value): Value {
  const one = scalar(g, 1, 'float32');
  const u = binary(g, 'Add', x, one);
  const lost = binary(g, 'Sub', x, binary(g, 'Sub', u, one));
  return binary(g, 'Add', unary(g, 'Log', u), binary(g, 'Div', lost, u));
}

function test(g: GraphBuilder, opType: string, x: Value): Value {
  return g.op(opType, [x], 'bool', x.shape);
}

/** Tests of float32 numbers; whole numbers are always finite. */
function isKernel(
  kernelName: string,
  wholeNumbers: 0 | 1,
  lower: (g: GraphBuilder, x: Value) => Value,
): void {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) => {
    const x = inputs.x!;
    return x.type === 'float32' ? lower(g, x) : g.fill(wholeNumbers, 'bool', x.shape);
  });
}
isKernel('IsNan', 0, (g, x) => test(g, 'IsNaN', x));
isKernel('IsInf', 0, (g, x) => test(g, 'IsInf', x));
isKernel('IsFinite', 1, (g, x) =>
  compare(g, 'Less', unary(g, 'Abs', x), scalar(g, Number.POSITIVE_INFINITY, 'float32')),
);

defineKernel('LogicalNot', ({ g, inputs }: LoweringContext) => unary(g, 'Not', g.cast(inputs.x!, 'bool')));
