/** Convolutions. TensorFlow.js keeps channels last, ONNX first. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { activate } from './activation.ts';
import { matMul } from './matmul.ts';
import { defineKernel } from './registry.ts';
import { binary, transpose } from './support.ts';
import { toChannelsFirst, toChannelsLast, type Window, windowAttributes, windowOf } from './window.ts';

export interface ConvAttrs {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export interface Shapes {
  input: readonly number[];
  filter: readonly number[];
}

export function window2d(shapes: Shapes, attrs: ConvAttrs, depthwise = false): Window {
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

export function window3d(shapes: Shapes, attrs: ConvAttrs): Window {
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
  if (!window.channelsFirst && seesSinglePixels(window)) {
    const [rows, columns] = filter.shape.slice(-2) as [number, number];
    return matMul(g, x, g.reshape(filter, [rows, columns]));
  }
  return slide(g, x, denseWeights(g, filter), window, 1);
}

/** Such a convolution is a matrix product over the channels. */
function seesSinglePixels({ kernel, strides, before, after }: Window): boolean {
  return [...kernel, ...strides].every((n) => n === 1) && [...before, ...after].every((n) => n === 0);
}

/** x `[batch, ...input, in]` with filter `[...kernel, in, multiplier]`: every channel has filters of its own. */
function convolveDepthwise(g: GraphBuilder, x: Value, filter: Value, window: Window): Value {
  return slide(g, x, depthwiseWeights(g, filter), window, window.inChannels);
}

/** `[...kernel, in, out]` → `[out, in, ...kernel]`, as ONNX wants weights. */
export function denseWeights(g: GraphBuilder, filter: Value): Value {
  const rank = filter.shape.length - 2;
  return transpose(g, filter, [rank + 1, rank, ...filter.shape.slice(2).map((_, i) => i)]);
}

/** `[...kernel, channels, multiplier]` → `[channels · multiplier, 1, ...kernel]`. */
export function depthwiseWeights(g: GraphBuilder, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return g.reshape(transpose(g, filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

/** ONNX's convolution with weights `[out, in / group, ...kernel]`. */
function slide(g: GraphBuilder, x: Value, weights: Value, window: Window, group: number): Value {
  const input = window.channelsFirst ? x : toChannelsFirst(g, x);
  const shape = [window.batch, window.outChannels, ...window.output];
  if (shape.includes(0))
    return g.fill(
      0,
      x.type,
      window.channelsFirst ? shape : [window.batch, ...window.output, window.outChannels],
    );
  const y = g.op('Conv', [input, weights], x.type, shape, { ...windowAttributes(window), group });
  return window.channelsFirst ? y : toChannelsLast(g, y);
}

type Inputs = { x: Value; filter: Value };

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
