/** Convolutions and their gradients. TensorFlow.js keeps channels last, ONNX first. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { activate } from './activation.ts';
import { matMul } from './matmul.ts';
import { reduce } from './reduction.ts';
import { defineKernel } from './registry.ts';
import { binary, concat, sizeOf, slice, transpose } from './support.ts';
import {
  patches,
  toChannelsFirst,
  toChannelsLast,
  type Window,
  windowAttributes,
  windowOf,
} from './window.ts';

interface ConvAttrs {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

interface Shapes {
  input: readonly number[];
  filter: readonly number[];
}

function window2d(shapes: Shapes, attrs: ConvAttrs, depthwise = false): Window {
  return windowOf(
    backend_util.computeConv2DInfo(
      [...shapes.input] as [number, number, number, number],
      [...shapes.filter] as [number, number, number, number],
      attrs.strides,
      attrs.dilations ?? 1,
      attrs.pad,
      attrs.dimRoundingMode,
      depthwise,
      backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC'),
    ),
  );
}

function window3d(shapes: Shapes, attrs: ConvAttrs): Window {
  return windowOf(
    backend_util.computeConv3DInfo(
      [...shapes.input] as [number, number, number, number, number],
      [...shapes.filter] as [number, number, number, number, number],
      attrs.strides as number,
      (attrs.dilations ?? 1) as number,
      attrs.pad as 'same',
    ),
  );
}

/** x `[batch, ...input, in]` with filter `[...kernel, in, out]` → `[batch, ...output, out]`. */
function convolve(g: GraphBuilder, x: Value, filter: Value, window: Window): Value {
  const rank = window.kernel.length;
  if (!window.channelsFirst && seesSinglePixels(window)) {
    const [rows, columns] = filter.shape.slice(-2) as [number, number];
    return matMul(g, x, g.reshape(filter, [rows, columns]));
  }
  const weights = transpose(g, filter, [rank + 1, rank, ...filter.shape.slice(2).map((_, i) => i)]);
  return slide(g, x, weights, window, 1);
}

/** Such a convolution is a matrix product over the channels. */
function seesSinglePixels({ kernel, strides, before, after }: Window): boolean {
  return [...kernel, ...strides].every((n) => n === 1) && [...before, ...after].every((n) => n === 0);
}

/** x `[batch, ...input, in]` with filter `[...kernel, in, multiplier]`: every channel has filters of its own. */
function convolveDepthwise(g: GraphBuilder, x: Value, filter: Value, window: Window): Value {
  return slide(g, x, depthwiseWeights(g, filter), window, window.inChannels);
}

function depthwiseWeights(g: GraphBuilder, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return g.reshape(transpose(g, filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

/** ONNX's convolution with weights `[out, in / group, ...kernel]`. */
function slide(g: GraphBuilder, x: Value, weights: Value, window: Window, group: number): Value {
  const input = window.channelsFirst ? x : toChannelsFirst(g, x);
  const shape = [window.batch, window.outChannels, ...window.output];
  const y = g.op('Conv', [input, weights], x.type, shape, { ...windowAttributes(window), group });
  return window.channelsFirst ? y : toChannelsLast(g, y);
}

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

defineKernel('Conv2D', ({ g, inputs, attrs }: LoweringContext<ConvAttrs>) => {
  const { x, filter } = inputs as Inputs;
  return convolve(g, x, filter, window2d({ input: x.shape, filter: filter.shape }, attrs));
});

defineKernel('Conv3D', ({ g, inputs, attrs }: LoweringContext<ConvAttrs>) => {
  const { x, filter } = inputs as Inputs;
  return convolve(g, x, filter, window3d({ input: x.shape, filter: filter.shape }, attrs));
});

defineKernel('DepthwiseConv2dNative', ({ g, inputs, attrs }: LoweringContext<ConvAttrs>) => {
  const { x, filter } = inputs as Inputs;
  return convolveDepthwise(g, x, filter, window2d({ input: x.shape, filter: filter.shape }, attrs, true));
});

type InputGradientAttrs = ConvAttrs & { inputShape: number[] };

function lowerInputGradient(
  { g, inputs, attrs }: LoweringContext<InputGradientAttrs>,
  windowFrom: (shapes: Shapes, attrs: ConvAttrs) => Window,
): Value {
  const { dy, filter } = inputs as Inputs;
  const window = windowFrom({ input: attrs.inputShape, filter: filter.shape }, attrs);
  const rank = window.kernel.length;
  const weights = transpose(g, filter, [rank + 1, rank, ...filter.shape.slice(2).map((_, i) => i)]);
  return spread(g, dy, weights, window, 1);
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

interface FusedAttrs extends ConvAttrs {
  activation?: string;
  leakyreluAlpha?: number;
}

/** Convolution, bias and activation; ONNX Runtime fuses what it can. */
function fused(kernelName: string, depthwise: boolean): void {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<FusedAttrs>) => {
    const { x, filter, bias, preluActivationWeights } = inputs as Record<string, Value>;
    const window = window2d({ input: x!.shape, filter: filter!.shape }, attrs, depthwise);
    const y = (depthwise ? convolveDepthwise : convolve)(g, x!, filter!, window);
    // A vector belongs to the channels, wherever they are.
    const perChannel = (value?: Value) =>
      value && window.channelsFirst && value.shape.length === 1
        ? g.reshape(value, [value.shape[0]!, 1, 1])
        : value;
    const sum = bias ? binary(g, 'Add', y, perChannel(bias)!) : y;
    return activate(g, sum, attrs.activation, perChannel(preluActivationWeights), attrs.leakyreluAlpha);
  });
}
fused('FusedConv2D', false);
fused('FusedDepthwiseConv2D', true);
