/** Activation functions, as kernels and as the last step of fused kernels. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, compare, numeric, scalar, select, unary } from './support.ts';
import { log1pSmall } from './unary.ts';

export function relu(g: GraphBuilder, x: Value): Value {
  return unary(g, 'Relu', x);
}

export function relu6(g: GraphBuilder, x: Value): Value {
  return clip(g, x, 0, 6);
}

function clip(g: GraphBuilder, x: Value, min: number, max: number): Value {
  return g.op('Clip', [x, scalar(g, min, x.type), scalar(g, max, x.type)], x.type, x.shape);
}

/** `x` where x ≥ 0, `alpha · x` elsewhere; `alpha` broadcasts. */
export function prelu(g: GraphBuilder, x: Value, alpha: Value): Value {
  const isNegative = compare(g, 'Less', x, scalar(g, 0, x.type));
  return select(g, isNegative, binary(g, 'Mul', alpha, x), x);
}

defineKernel('Relu', ({ g, inputs }: LoweringContext) => relu(g, numeric(g, inputs.x!)));
defineKernel('Relu6', ({ g, inputs }: LoweringContext) => relu6(g, numeric(g, inputs.x!)));

defineKernel('Elu', ({ g, inputs }: LoweringContext) => unary(g, 'Elu', g.cast(inputs.x!, 'float32')));
/** dy · elu'(x) in terms of y = elu(x): the slope is 1 above 0 and y + 1 below. */
defineKernel('EluGrad', ({ g, inputs }: LoweringContext) => {
  const { dy, y } = inputs as { dy: Value; y: Value };
  const slope = binary(g, 'Add', y, scalar(g, 1, 'float32'));
  const isPositive = compare(g, 'GreaterOrEqual', y, scalar(g, 0, 'float32'));
  return select(g, isPositive, dy, binary(g, 'Mul', dy, slope));
});
defineKernel('Selu', ({ g, inputs }: LoweringContext) => unary(g, 'Selu', g.cast(inputs.x!, 'float32')));

defineKernel('LeakyRelu', ({ g, inputs, attrs }: LoweringContext<{ alpha: number }>) =>
  unary(g, 'LeakyRelu', g.cast(inputs.x!, 'float32'), { alpha: { f: attrs.alpha } }),
);
defineKernel('Prelu', ({ g, inputs }: LoweringContext) =>
  prelu(g, g.cast(inputs.x!, 'float32'), g.cast(inputs.alpha!, 'float32')),
);

/** log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|)), where nothing overflows or cancels. */
defineKernel('Softplus', ({ g, inputs }: LoweringContext) => {
  const x = g.cast(inputs.x!, 'float32');
  return binary(g, 'Add', relu(g, x), log1pSmall(g, unary(g, 'Exp', unary(g, 'Neg', unary(g, 'Abs', x)))));
});

/** 1 above 0, `alpha` elsewhere, NaN stays. */
defineKernel('Step', ({ g, inputs, attrs }: LoweringContext<{ alpha: number }>) => {
  const x = numeric(g, inputs.x!);
  const isPositive = compare(g, 'Greater', x, scalar(g, 0, x.type));
  const step = select(g, isPositive, scalar(g, 1, x.type), scalar(g, attrs.alpha, x.type));
  if (x.type !== 'float32') return step;
  return select(g, g.op('IsNaN', [x], 'bool', x.shape), x, step);
});

defineKernel(
  'ClipByValue',
  ({ g, inputs, attrs }: LoweringContext<{ clipValueMin: number; clipValueMax: number }>) =>
    clip(g, inputs.x!, attrs.clipValueMin, attrs.clipValueMax),
);

/** Applies the activation that a fused kernel names. */
export function activate(
  g: GraphBuilder,
  x: Value,
  name: string | undefined,
  preluWeights?: Value,
  leakyreluAlpha = 0.2,
): Value {
  switch (name) {
    case undefined:
    case 'linear':
      return x;
    case 'relu':
      return relu(g, x);
    case 'relu6':
      return relu6(g, x);
    case 'elu':
      return unary(g, 'Elu', x);
    case 'sigmoid':
      return unary(g, 'Sigmoid', x);
    case 'leakyrelu':
      return unary(g, 'LeakyRelu', x, { alpha: { f: leakyreluAlpha } });
    case 'prelu':
      return prelu(g, x, preluWeights!);
    default:
      throw new Error(
        `activation: expected linear, relu, relu6, elu, sigmoid, leakyrelu or prelu, found ${name}`,
      );
  }
}
