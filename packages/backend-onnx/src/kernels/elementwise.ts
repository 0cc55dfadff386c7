import { backend_util } from '@tensorflow/tfjs-core';
import type { LoweringContext } from '../graph/types.ts';
import { defineKernel } from './registry.ts';

/** Elementwise functions of two tensors, which broadcast; the result has the inputs' type. */
const BINARY: Record<string, string> = {
  Add: 'Add',
  Sub: 'Sub',
  Multiply: 'Mul',
  RealDiv: 'Div',
  Maximum: 'Max',
  Minimum: 'Min',
};

for (const [kernelName, opType] of Object.entries(BINARY)) {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) => {
    const { a, b } = inputs as { a: (typeof inputs)[string]; b: (typeof inputs)[string] };
    return g.op(opType, [a, b], a.type, backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]));
  });
}

/** Elementwise functions of one float tensor. */
const UNARY: Record<string, string> = {
  Exp: 'Exp',
  Log: 'Log',
  Neg: 'Neg',
  Sqrt: 'Sqrt',
  Sigmoid: 'Sigmoid',
  Tanh: 'Tanh',
  Relu: 'Relu',
  Abs: 'Abs',
};

for (const [kernelName, opType] of Object.entries(UNARY)) {
  defineKernel(kernelName, ({ g, inputs }: LoweringContext) => {
    const x = inputs.x!;
    return g.op(opType, [x], x.type, x.shape);
  });
}

defineKernel('Square', ({ g, inputs }: LoweringContext) => {
  const x = inputs.x!;
  return g.op('Mul', [x, x], x.type, x.shape);
});

defineKernel('Rsqrt', ({ g, inputs }: LoweringContext) => {
  const x = inputs.x!;
  return g.op('Reciprocal', [g.op('Sqrt', [x], x.type, x.shape)], x.type, x.shape);
});
