/** Normalisations that TensorFlow.js knows as kernels. Root-mean-square and layer normalisation are fused operations. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { binary, parseAxis, scalar, sizeOf, unary } from './support.ts';

defineKernel('Softmax', ({ g, inputs, attrs }: LoweringContext<{ dim: number }>) => {
  const x = g.cast(inputs.logits!, 'float32');
  return unary(g, 'Softmax', x, { axis: parseAxis(attrs.dim, x.shape) });
});
defineKernel('LogSoftmax', ({ g, inputs, attrs }: LoweringContext<{ axis: number }>) => {
  const x = g.cast(inputs.logits!, 'float32');
  return unary(g, 'LogSoftmax', x, { axis: parseAxis(attrs.axis, x.shape) });
});

/** (x − mean) / √(variance + ε) · scale + offset; the statistics broadcast over the leading axes. */
defineKernel('FusedBatchNorm', ({ g, inputs, attrs }: LoweringContext<{ varianceEpsilon?: number }>) => {
  const { x, mean, variance, scale, offset } = inputs as Record<string, Value>;
  const epsilon = scalar(g, attrs.varianceEpsilon ?? 0.001, 'float32');
  const deviation = unary(g, 'Sqrt', binary(g, 'Add', variance!, epsilon));
  const factor = scale ? binary(g, 'Div', scale, deviation) : unary(g, 'Reciprocal', deviation);
  const scaled = binary(g, 'Mul', binary(g, 'Sub', x!, mean!), factor);
  return offset ? binary(g, 'Add', scaled, offset) : scaled;
});

interface LrnAttrs {
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

/** x · n^−β with n = bias + α Σ x², summed over the channels at most `depthRadius` away. */
defineKernel('LRN', ({ g, inputs, attrs }: LoweringContext<LrnAttrs>) => {
  const x = inputs.x!;
  return binary(g, 'Mul', x, power(g, lrnNorm(g, x, attrs), -attrs.beta));
});

/** dx = dy · n^−β − 2αβ x Σ (dy · y / n), over the same channels. */
defineKernel('LRNGrad', ({ g, inputs, attrs }: LoweringContext<LrnAttrs>) => {
  const { x, y, dy } = inputs as { x: Value; y: Value; dy: Value };
  const norm = lrnNorm(g, x, attrs);
  const direct = binary(g, 'Mul', dy, power(g, norm, -attrs.beta));
  const shares = sumNeighbours(g, binary(g, 'Div', binary(g, 'Mul', dy, y), norm), attrs.depthRadius);
  const factor = scalar(g, 2 * attrs.alpha * attrs.beta, 'float32');
  return binary(g, 'Sub', direct, binary(g, 'Mul', factor, binary(g, 'Mul', x, shares)));
});

function lrnNorm(g: GraphBuilder, x: Value, { depthRadius, bias, alpha }: LrnAttrs): Value {
  const squares = sumNeighbours(g, binary(g, 'Mul', x, x), depthRadius);
  return binary(g, 'Add', binary(g, 'Mul', squares, scalar(g, alpha, 'float32')), scalar(g, bias, 'float32'));
}

function power(g: GraphBuilder, x: Value, exponent: number): Value {
  return binary(g, 'Pow', x, scalar(g, exponent, 'float32'));
}

/** Sums over the channels (the last axis) at most `radius` away. */
function sumNeighbours(g: GraphBuilder, x: Value, radius: number): Value {
  const channels = x.shape.at(-1)!;
  const reach = Math.min(radius, channels - 1);
  const size = 2 * reach + 1;
  const rows = g.reshape(x, [sizeOf(x.shape) / channels, 1, channels]);
  const means = g.op('AveragePool', [rows], x.type, rows.shape, {
    kernel_shape: [size],
    pads: [reach, reach],
    count_include_pad: 1,
  });
  return g.reshape(binary(g, 'Mul', means, scalar(g, size, 'float32')), x.shape);
}
