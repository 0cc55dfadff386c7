/** How a window slides over images or volumes, for convolution and pooling. */
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Attribute, GraphBuilder, Value } from '../graph/types.ts';
import { pad, slice, transpose } from './support.ts';

type Info = backend_util.Conv2DInfo | backend_util.Conv3DInfo;

/** Lists have one entry per spatial axis. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Extents of the input and of the output. */
  input: number[];
  output: number[];
  /** What the input is padded with so that the windows fit exactly; `after` is negative where input is left over. */
  before: number[];
  after: number[];
  batch: number;
  inChannels: number;
  outChannels: number;
  channelsFirst: boolean;
}

/** Collects what TensorFlow.js says about a convolution or pooling. */
export function windowOf(info: Info): Window {
  const volume = 'inDepth' in info;
  const axes = (depth: number, height: number, width: number) =>
    volume ? [depth, height, width] : [height, width];
  const has = info as backend_util.Conv3DInfo;
  const { padInfo } = has;
  const kernel = axes(has.filterDepth, has.filterHeight, has.filterWidth);
  const strides = axes(has.strideDepth, has.strideHeight, has.strideWidth);
  const dilations = axes(has.dilationDepth, has.dilationHeight, has.dilationWidth);
  const input = axes(has.inDepth, has.inHeight, has.inWidth);
  const output = axes(has.outDepth, has.outHeight, has.outWidth);
  const before = axes(padInfo.front, padInfo.top, padInfo.left).map((n) => Math.max(0, n));
  const after = kernel.map((size, i) => {
    const covered = (output[i]! - 1) * strides[i]! + (size - 1) * dilations[i]! + 1;
    return covered - input[i]! - before[i]!;
  });
  return {
    kernel,
    strides,
    dilations,
    input,
    output,
    before,
    after,
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    channelsFirst: info.dataFormat === 'channelsFirst',
  };
}

/** The window as ONNX attributes. */
export function windowAttributes(window: Window): Record<string, Attribute> {
  return {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.before, ...window.after.map((n) => Math.max(0, n))],
  };
}

/** `[batch, ...space, channels]` → `[batch, channels, ...space]`. */
export function toChannelsFirst(g: GraphBuilder, x: Value): Value {
  const [batch, ...space] = x.shape.slice(0, -1) as [number, ...number[]];
  const channels = x.shape.at(-1)!;
  if (channels === 1) return g.reshape(x, [batch, 1, ...space]);
  const spaceAxes = space.map((_, i) => i + 1);
  return transpose(g, x, [0, x.shape.length - 1, ...spaceAxes]);
}

/** `[batch, channels, ...space]` → `[batch, ...space, channels]`. */
export function toChannelsLast(g: GraphBuilder, x: Value): Value {
  const [batch, channels, ...space] = x.shape as [number, number, ...number[]];
  if (channels === 1) return g.reshape(x, [batch, ...space, 1]);
  const spaceAxes = space.map((_, i) => i + 2);
  return transpose(g, x, [0, ...spaceAxes, 1]);
}

/**
 * What each place of the window sees: for every place, in the order of the kernel's elements, a tensor
 * `[batch, ...output, channels]` of the elements of `x`, `[batch, ...input, channels]`, that lie under it.
 */
export function patches(g: GraphBuilder, x: Value, window: Window): Value[] {
  const { kernel, strides, dilations, output, before, after } = window;
  const paddings = before.map((n, i): [number, number] => [n, Math.max(0, after[i]!)]);
  const padded = pad(g, x, [[0, 0], ...paddings, [0, 0]]);
  const axes = kernel.map((_, i) => i + 1);
  return places(kernel).map((place) => {
    const begin = place.map((k, i) => k * dilations[i]!);
    const end = begin.map((b, i) => b + (output[i]! - 1) * strides[i]! + 1);
    return slice(g, padded, axes, begin, end, strides);
  });
}

/** All index tuples of an array of shape `shape`, in row-major order. */
function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, extent) =>
      prefixes.flatMap((prefix) => Array.from({ length: extent }, (_, i) => [...prefix, i])),
    [[]],
  );
}
