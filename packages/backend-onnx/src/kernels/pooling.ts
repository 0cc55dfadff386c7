/** Pooling and its gradients. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { spreadChannelsFirst } from './convolution.ts';
import { defineKernel } from './registry.ts';
import { binary, iota, scalar, sizeOf } from './support.ts';
import { toChannelsFirst, toChannelsLast, type Window, windowAttributes, windowOf } from './window.ts';

interface PoolAttrs {
  filterSize: number | number[];
  strides: number | number[];
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
}

function windowFor(
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolAttrs,
): Window {
  const compute = shape.length === 5 ? backend_util.computePool3DInfo : backend_util.computePool2DInfo;
  return windowOf(
    compute([...shape] as never, filterSize as never, strides as never, 1, pad, dimRoundingMode),
  );
}

function pool(g: GraphBuilder, opType: string, x: Value, window: Window): Value {
  const input = toChannelsFirst(g, g.cast(x, 'float32'));
  const shape = [window.batch, window.inChannels, ...window.output];
  const y = g.op(opType, [input], 'float32', shape, windowAttributes(window));
  return g.cast(toChannelsLast(g, y), x.type);
}

for (const [kernelName, opType] of Object.entries({
  AvgPool: 'AveragePool',
  AvgPool3D: 'AveragePool',
  MaxPool: 'MaxPool',
  MaxPool3D: 'MaxPool',
})) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<PoolAttrs>) =>
    pool(g, opType, inputs.x!, windowFor(inputs.x!.shape, attrs)),
  );
}

/** Every element under a window gets an equal share of the window's gradient. */
for (const kernelName of ['AvgPoolGrad', 'AvgPool3DGrad']) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<PoolAttrs>) => {
    const { dy, input } = inputs as { dy: Value; input: Value };
    const window = windowFor(input.shape, attrs);
    const shares = toChannelsFirst(g, dividedByCounts(g, dy, window));
    const images = window.batch * window.inChannels;
    const single = g.reshape(shares, [images, 1, ...window.output]);
    const ones = g.fill(1, 'float32', [1, 1, ...window.kernel]);
    const dx = spreadChannelsFirst(g, single, ones, window, 1, 1);
    return toChannelsLast(g, g.reshape(dx, [window.batch, window.inChannels, ...window.input]));
  });
}

/** `dy`, channels last, divided by the number of elements that the window saw there: padding does not count. */
function dividedByCounts(g: GraphBuilder, dy: Value, window: Window): Value {
  return window.kernel.reduce((shares, size, i) => {
    const extent = window.input[i]!;
    const counts = Array.from({ length: window.output[i]! }, (_, o) => {
      const first = o * window.strides[i]! - window.before[i]!;
      return Math.min(extent, first + size) - Math.max(0, first);
    });
    const shape = dy.shape.map((_, axis) => (axis === i + 1 ? counts.length : 1));
    return binary(g, 'Div', shares, g.constant(counts, 'float32', shape));
  }, dy);
}

/** The largest elements with their places in `x` when its channels come first, batch included. */
function maxWithPlaces(g: GraphBuilder, x: Value, window: Window): { values: Value; places: Value } {
  const input = toChannelsFirst(g, g.cast(x, 'float32'));
  const shape = [window.batch, window.inChannels, ...window.output];
  const [values, places] = g.multi(
    'MaxPool',
    [input],
    [
      { type: 'float32', shape },
      { type: 'int64', shape },
    ],
    windowAttributes(window),
  );
  return { values: values!, places: places! };
}

/** Only the first largest element of a window gets the window's gradient. */
for (const kernelName of ['MaxPoolGrad', 'MaxPool3DGrad']) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<PoolAttrs>) => {
    const { dy, input } = inputs as { dy: Value; input: Value };
    const window = windowFor(input.shape, attrs);
    const { places } = maxWithPlaces(g, input, window);
    const count = sizeOf(places.shape);
    const zeros = g.fill(0, 'float32', [sizeOf(input.shape)]);
    const slopes = g.reshape(toChannelsFirst(g, dy), [count]);
    const dx = g.op('ScatterElements', [zeros, g.reshape(places, [count]), slopes], 'float32', zeros.shape, {
      axis: 0,
      reduction: 'add',
    });
    return toChannelsLast(g, g.reshape(dx, [window.batch, window.inChannels, ...window.input]));
  });
}

/** The largest elements and where they lie, counted with channels last, within the image or within the batch. */
defineKernel(
  'MaxPoolWithArgmax',
  ({ g, inputs, attrs }: LoweringContext<PoolAttrs & { includeBatchInIndex: boolean }>) => {
    const x = inputs.x!;
    const window = windowFor(x.shape, attrs);
    const { values, places } = maxWithPlaces(g, x, window);
    const { batch, inChannels } = window;
    const pixels = sizeOf(window.input);
    const int64 = (n: number) => scalar(g, n, 'int64');
    const pixel = binary(g, 'Mod', places, int64(pixels));
    const channel = g.reshape(iota(g, inChannels, 'int64'), [1, inChannels, 1, 1]);
    const inImage = binary(g, 'Add', binary(g, 'Mul', pixel, int64(inChannels)), channel);
    const firstOfImage = binary(g, 'Mul', iota(g, batch, 'int64'), int64(pixels * inChannels));
    const index = attrs.includeBatchInIndex
      ? binary(g, 'Add', inImage, g.reshape(firstOfImage, [batch, 1, 1, 1]))
      : inImage;
    return [g.cast(toChannelsLast(g, values), x.type), g.cast(toChannelsLast(g, index), 'int32')];
  },
);
