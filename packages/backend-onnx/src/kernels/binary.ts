/** Elementwise functions of two or more tensors, which broadcast. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, numeric, scalar, select, unary } from './support.ts';

type Lower = (g: GraphBuilder, a: Value, b: Value) => Value;

/** Defines a kernel whose result has the type of its arguments; booleans are calculated as 0 and 1. */
function arithmetic(kernelName: string, lower: Lower): void {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) => {
    const { a, b } = inputs as { a: Value; b: Value };
    return g.cast(lower(g, numeric(g, a), numeric(g, b)), a.type);
  });
}

/** Defines a comparison. */
function comparison(kernelName: string, lower: Lower): void {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) =>
    lower(g, numeric(g, inputs.a!), numeric(g, inputs.b!)),
  );
}

for (const [kernelName, opType] of Object.entries({
  Add: 'Add',
  Sub: 'Sub',
  Multiply: 'Mul',
  Maximum: 'Max',
  Minimum: 'Min',
  Pow: 'Pow',
  BitwiseAnd: 'BitwiseAnd',
})) {
  arithmetic(kernelName, (g, a, b) => binary(g, opType, a, b));
}

for (const [kernelName, opType] of Object.entries({
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
})) {
  comparison(kernelName, (g, a, b) => compare(g, opType, a, b));
}
comparison('NotEqual', (g, a, b) => unary(g, 'Not', compare(g, 'Equal', a, b)));

for (const [kernelName, opType] of [
  ['LogicalAnd', 'And'],
  ['LogicalOr', 'Or'],
] as const) {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) =>
    binary(g, opType, g.cast(inputs.a!, 'bool'), g.cast(inputs.b!, 'bool')),
  );
}

/** The quotient of whole numbers is the nearest one towards 0. In float64, where nothing is lost or overflows. */
arithmetic('RealDiv', (g, a, b) => {
  if (a.type === 'float32') return binary(g, 'Div', a, b);
  return wholeQuotient(g, a, b);
});

/** ⌊a / b⌋ as int32, whatever the arguments are. */
defineKernel('FloorDiv', ({ g, inputs }: LoweringContext) =>
  wholeQuotient(g, inputs.a!, inputs.b!, (quotient) => unary(g, 'Floor', quotient)),
);

/** a / b as int32, and 0 where b is 0, as in TensorFlow.js: ONNX Runtime refuses to divide whole numbers by 0. */
function wholeQuotient(g: GraphBuilder, a: Value, b: Value, round = (quotient: Value) => quotient): Value {
  const divisor = g.cast(b, 'float64');
  const quotient = round(binary(g, 'Div', g.cast(a, 'float64'), divisor));
  const isZero = compare(g, 'Equal', divisor, scalar(g, 0, 'float64'));
  return g.cast(select(g, isZero, scalar(g, 0, 'float64'), quotient), 'int32');
}

/** The remainder of floored division: it has the sign of the divisor. */
arithmetic('Mod', (g, a, b) => {
  if (a.type === 'float32') {
    const remainder = (x: Value) => g.op('Mod', [x, b], 'float32', x.shape, { fmod: 1 });
    const first = g.op('Mod', [a, b], 'float32', binary(g, 'Add', a, b).shape, { fmod: 1 });
    const zero = scalar(g, 0, 'float32');
    const sameSign = compare(g, 'Equal', compare(g, 'Less', a, zero), compare(g, 'Less', b, zero));
    return select(g, sameSign, first, remainder(binary(g, 'Add', first, b)));
  }
  // Never by 0, which ONNX Runtime refuses, and in 64 bits, where −2³¹ modulo −1 does not overflow.
  const divisor = select(g, compare(g, 'Equal', b, scalar(g, 0, 'int32')), scalar(g, 1, 'int32'), b);
  return g.cast(binary(g, 'Mod', g.cast(a, 'int64'), g.cast(divisor, 'int64')), 'int32');
});

arithmetic('SquaredDifference', (g, a, b) => {
  const difference = binary(g, 'Sub', a, b);
  return binary(g, 'Mul', difference, difference);
});

/** The angle of the point (b, a): atan(a / b), half a turn away from it left of the vertical axis. */
arithmetic('Atan2', (g, a, b) => {
  const y = g.cast(a, 'float32');
  const x = g.cast(b, 'float32');
  const zero = scalar(g, 0, 'float32');
  const angle = unary(g, 'Atan', binary(g, 'Div', y, x));
  const halfTurn = select(
    g,
    compare(g, 'Less', y, zero),
    scalar(g, -Math.PI, 'float32'),
    scalar(g, Math.PI, 'float32'),
  );
  const left = binary(g, 'Add', angle, halfTurn);
  const vertical = binary(g, 'Mul', unary(g, 'Sign', y), scalar(g, Math.PI / 2, 'float32'));
  const sides = select(g, compare(g, 'Less', x, zero), left, angle);
  return select(g, compare(g, 'Equal', x, zero), vertical, sides);
});

/** Adds in order, so that the result does not depend on how many tensors share a loop. */
defineKernel('AddN', ({ g, inputs }: LoweringContext) =>
  Object.values(inputs).reduce((sum, x) => binary(g, 'Add', sum, x)),
);

/** A condition of rank 1 chooses whole rows. */
defineKernel('Select', ({ g, inputs }: LoweringContext) => {
  const { condition, t, e } = inputs as { condition: Value; t: Value; e: Value };
  const byRow = condition.shape.length === 1 && t.shape.length > 1;
  const shape = byRow ? [condition.shape[0]!, ...t.shape.slice(1).map(() => 1)] : condition.shape;
  const type = t.type === 'float32' || e.type === 'float32' ? 'float32' : t.type;
  return select(g, g.reshape(g.cast(condition, 'bool'), shape), g.cast(t, type), g.cast(e, type));
});
