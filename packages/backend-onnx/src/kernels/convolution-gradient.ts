/** The gradients of convolutions, which are also the transposed convolutions. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import {
  type ConvAttrs,
  denseWeights,
  depthwiseWeights,
  type Shapes,
  window2d,
  window3d,
} from './convolution.ts';
import { matMul } from './matmul.ts';
import { reduce } from './reduction.ts';
import { defineKernel } from './registry.ts';
import { binary, concat, sizeOf, slice } from './support.ts';
import { patches, toChannelsFirst, toChannelsLast, type Window, windowAttributes } from './window.ts';

/** The transposed convolution: spreads `dy` `[batch, ...output, out]` over the input that each window saw. */
function spread(g: GraphBuilder, dy: Value, weights: Value, window: Window, group: number): Value {
  const output = window.channelsFirst ? dy : toChannelsFirst(g, dy);
  // A larger `dy` than the convolution would give is possible, and only its beginning has an influence.
  const seen = slice(
    g,
    output,
    window.output.map((_, i) => i + 2),
    window.output.map(() => 0),
    window.output,
  );
  const dx = spreadChannelsFirst(g, seen, weights, window, group, window.inChannels);
  return window.channelsFirst ? dx : toChannelsLast(g, dx);
}

/** The same with channels first; weights `[out, in / group, ...kernel]`. Pooling uses it too. */
export function spreadChannelsFirst(
  g: GraphBuilder,
  dy: Value,
  weights: Value,
  window: Window,
  group: number,
  channels: number,
): Value {
  const shape = [dy.shape[0]!, channels, ...window.input];
  const leftOver = window.after.map((n) => Math.max(0, -n));
  return g.op('ConvTranspose', [dy, weights], dy.type, shape, {
    ...windowAttributes(window),
    output_padding: leftOver,
    group,
  });
}

/** d filter = patchesᵀ · dy: a matrix product over all places where the window stood. */
function filterGradient(g: GraphBuilder, x: Value, dy: Value, window: Window, filterShape: number[]): Value {
  const [input, output] = channelsLast(g, x, dy, window);
  const seen = patches(g, input, window);
  const columns = concat(g, seen, input.shape.length - 1);
  const count = sizeOf(output.shape) / window.outChannels;
  const rows = g.reshape(columns, [count, seen.length * window.inChannels]);
  return g.reshape(matMul(g, rows, g.reshape(output, [count, window.outChannels]), true), filterShape);
}

function depthwiseFilterGradient(
  g: GraphBuilder,
  x: Value,
  dy: Value,
  window: Window,
  filterShape: number[],
): Value {
  const [input, output] = channelsLast(g, x, dy, window);
  const [channels, multiplier] = filterShape.slice(-2) as [number, number];
  const count = sizeOf(output.shape) / window.outChannels;
  const slopes = g.reshape(output, [count, channels, multiplier]);
  const parts = patches(g, input, window).map((patch) =>
    reduce(g, 'ReduceSum', binary(g, 'Mul', g.reshape(patch, [count, channels, 1]), slopes), [0], true),
  );
  return g.reshape(concat(g, parts, 0), filterShape);
}

function channelsLast(g: GraphBuilder, x: Value, dy: Value, window: Window): [Value, Value] {
  return window.channelsFirst ? [toChannelsLast(g, x), toChannelsLast(g, dy)] : [x, dy];
}

type Inputs = { x: Value; filter: Value; dy: Value };

type InputGradientAttrs = ConvAttrs & { inputShape: number[] };

function lowerInputGradient(
  { g, inputs, attrs }: LoweringContext<InputGradientAttrs>,
  windowFrom: (shapes: Shapes, attrs: ConvAttrs) => Window,
): Value {
  const { dy, filter } = inputs as Inputs;
  const window = windowFrom({ input: attrs.inputShape, filter: filter.shape }, attrs);
  return spread(g, dy, denseWeights(g, filter), window, 1);
}

defineKernel('Conv2DBackpropInput', (context: LoweringContext<InputGradientAttrs>) =>
  lowerInputGradient(context, window2d),
);
defineKernel('Conv3DBackpropInputV2', (context: LoweringContext<InputGradientAttrs>) =>
  lowerInputGradient(context, window3d),
);
defineKernel(
  'DepthwiseConv2dNativeBackpropInput',
  ({ g, inputs, attrs }: LoweringContext<InputGradientAttrs>) => {
    const { dy, filter } = inputs as Inputs;
    const window = window2d({ input: attrs.inputShape, filter: filter.shape }, attrs, true);
    return spread(g, dy, depthwiseWeights(g, filter), window, window.inChannels);
  },
);

type FilterGradientAttrs = ConvAttrs & { filterShape: number[] };

defineKernel('Conv2DBackpropFilter', ({ g, inputs, attrs }: LoweringContext<FilterGradientAttrs>) => {
  const { x, dy } = inputs as Inputs;
  const window = window2d({ input: x.shape, filter: attrs.filterShape }, attrs);
  return filterGradient(g, x, dy, window, attrs.filterShape);
});
defineKernel('Conv3DBackpropFilterV2', ({ g, inputs, attrs }: LoweringContext<FilterGradientAttrs>) => {
  const { x, dy } = inputs as Inputs;
  const window = window3d({ input: x.shape, filter: attrs.filterShape }, attrs);
  return filterGradient(g, x, dy, window, attrs.filterShape);
});
defineKernel(
  'DepthwiseConv2dNativeBackpropFilter',
  ({ g, inputs, attrs }: LoweringContext<FilterGradientAttrs>) => {
    const { x, dy } = inputs as Inputs;
    const window = window2d({ input: x.shape, filter: attrs.filterShape }, attrs, true);
    return depthwiseFilterGradient(g, x, dy, window, attrs.filterShape);
  },
);
