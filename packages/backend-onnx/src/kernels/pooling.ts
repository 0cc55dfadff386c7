/** Pooling and its gradients. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { spreadChannelsFirst } from './convolution-gradient.ts';
import { defineKernel } from './registry.ts';
import { along, binary, dropNaNs, iota, pad, scalar, sizeOf } from './support.ts';
import { toChannelsFirst, toChannelsLast, type Window, windowAttributes, windowOf } from './window.ts';

interface PoolAttrs {
  filterSize: number | number[];
  strides: number | number[];
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
}

function windowFor(
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolAttrs,
): Window {
  const compute = shape.length === 5 ? backend_util.computePool3DInfo : backend_util.computePool2DInfo;
  return windowOf(
    compute([...shape] as never, filterSize as never, strides as never, 1, pad as 'same', dimRoundingMode),
  );
}

/** The largest element under each window, and the mean. Padding neither wins nor counts. */
for (const [kernelName, opType, ofNothing] of [
  ['MaxPool', 'MaxPool', Number.NEGATIVE_INFINITY],
  ['MaxPool3D', 'MaxPool', Number.NEGATIVE_INFINITY],
  ['AvgPool', 'AveragePool', 0],
  ['AvgPool3D', 'AveragePool', 0],
] as const) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<PoolAttrs>) => {
    const x = inputs.x!;
    const window = windowFor(x.shape, attrs);
    if (isIdentity(window)) return x;
    return g.cast(pool(g, opType, g.cast(x, 'float32'), window, ofNothing), x.type);
  });
}

/** TensorFlow.js asks no more than this, so that strange paddings are the identity too. */
function isIdentity({ kernel, input, output }: Window): boolean {
  return kernel.every((size, i) => size === 1 && input[i] === output[i]);
}

/** ONNX Runtime refuses windows that see nothing but padding: they are left out and get `ofNothing` afterwards. */
function pool(g: GraphBuilder, opType: string, x: Value, window: Window, ofNothing: number): Value {
  const margins = window.kernel.map((_, i): [number, number] => {
    const seen = counts(window, i).map((count) => count > 0);
    return seen.includes(true)
      ? [seen.indexOf(true), seen.length - 1 - seen.lastIndexOf(true)]
      : [seen.length, 0];
  });
  const output = window.output.map((n, i) => n - margins[i]![0] - margins[i]![1]);
  const shape = [window.batch, ...window.output, window.inChannels];
  if (output.includes(0)) return g.fill(ofNothing, x.type, shape);
  const before = window.before.map((n, i) => n - margins[i]![0] * window.strides[i]!);
  const after = window.after.map((n, i) => n - margins[i]![1] * window.strides[i]!);
  const attributes = windowAttributes({ ...window, output, before, after });
  const y = g.op(
    opType,
    [toChannelsFirst(g, x)],
    x.type,
    [window.batch, window.inChannels, ...output],
    attributes,
  );
  return pad(g, toChannelsLast(g, y), [[0, 0], ...margins, [0, 0]], ofNothing);
}

/** How many elements of one axis the window sees, at each of its places. */
function counts({ kernel, strides, input, output, before }: Window, axis: number): number[] {
  return Array.from({ length: output[axis]! }, (_, place) => {
    const first = place * strides[axis]! - before[axis]!;
    return Math.max(0, Math.min(input[axis]!, first + kernel[axis]!) - Math.max(0, first));
  });
}

/** Every element under a window gets an equal share of the window's gradient. */
for (const kernelName of ['AvgPoolGrad', 'AvgPool3DGrad']) {
  defineKernel(kernelName, ({ g, inputs, attrs }: LoweringContext<PoolAttrs>) => {
    const { dy, input } = inputs as { dy: Value; input: Value };
    const window = windowFor(input.shape, attrs);
    // Explicit padding counts, as in TensorFlow.js, although the mean leaves it out.
    const whole = Array.isArray(attrs.pad);
    const slopes = window.kernel.reduce(
      (slope, size, i) =>
        along(
          g,
          slope,
          i + 1,
          counts(window, i).map((n) => 1 / (whole ? size : Math.max(1, n))),
        ),
      dy,
    );
    const shares = toChannelsFirst(g, slopes);
    const images = window.batch * window.inChannels;
    const single = g.reshape(shares, [images, 1, ...window.output]);
    const ones = g.fill(1, 'float32', [1, 1, ...window.kernel]);
    const dx = spreadChannelsFirst(g, single, ones, window, 1, 1);
    return toChannelsLast(g, g.reshape(dx, [window.batch, window.inChannels, ...window.input]));
  });
}

/** The largest elements with their places in `x` when its channels come first, batch included. */
function maxWithPlaces(g: GraphBuilder, x: Value, window: Window): { values: Value; places: Value } {
  const input = toChannelsFirst(g, dropNaNs(g, g.cast(x, 'float32'), Number.NEGATIVE_INFINITY));
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
