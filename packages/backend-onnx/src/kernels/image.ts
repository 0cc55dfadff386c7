/** Resizing of images `[batch, height, width, channels]`, one axis after the other. */
import type { GraphBuilder, LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from './registry.ts';
import { takeAlong } from './slicing.ts';
import { along, binary } from './support.ts';

interface ResizeAttrs {
  size: [number, number];
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

/** Where the pixels of the resized axis lie between those of the original one. */
function sources(from: number, to: number, attrs: ResizeAttrs, offset: number): number[] {
  const aligned = attrs.alignCorners && to > 1;
  const ratio = aligned ? (from - 1) / (to - 1) : from / to;
  const shift = attrs.halfPixelCenters ? 0.5 : 0;
  return Array.from({ length: to }, (_, i) => ratio * (i + shift) - (attrs.halfPixelCenters ? offset : 0));
}

function nearest(from: number, to: number, attrs: ResizeAttrs): number[] {
  const round = attrs.alignCorners ? Math.round : Math.floor;
  return sources(from, to, attrs, 0).map((x) => Math.min(from - 1, Math.max(0, round(x))));
}

interface Neighbours {
  lower: number[];
  upper: number[];
  /** How much the upper neighbour counts. */
  weight: number[];
}

function neighbours(from: number, to: number, attrs: ResizeAttrs): Neighbours {
  const places = sources(from, to, attrs, 0.5);
  const lower = places.map((x) => Math.max(0, Math.floor(x)));
  const upper = places.map((x) => Math.min(from - 1, Math.max(0, Math.ceil(x))));
  return { lower, upper, weight: places.map((x, i) => x - lower[i]!) };
}

const AXES = [1, 2];

defineKernel('ResizeNearestNeighbor', ({ g, inputs, attrs }: LoweringContext<ResizeAttrs>) =>
  AXES.reduce(
    (x, axis) => takeAlong(g, x, axis, nearest(x.shape[axis]!, attrs.size[axis - 1]!, attrs)),
    inputs.images!,
  ),
);

defineKernel('ResizeBilinear', ({ g, inputs, attrs }: LoweringContext<ResizeAttrs>) =>
  AXES.reduce(
    (x, axis) => {
      const { lower, upper, weight } = neighbours(x.shape[axis]!, attrs.size[axis - 1]!, attrs);
      const low = takeAlong(g, x, axis, lower);
      const high = takeAlong(g, x, axis, upper);
      return binary(g, 'Add', low, along(g, binary(g, 'Sub', high, low), axis, weight));
    },
    g.cast(inputs.images!, 'float32'),
  ),
);

/** Adds the elements of one axis up at the places they were taken from: the opposite of `takeAlong`. */
function addAlong(
  g: GraphBuilder,
  dy: Value,
  axis: number,
  places: readonly number[],
  extent: number,
): Value {
  const shape = dy.shape.map((size, i) => (i === axis ? extent : size));
  const placeShape = dy.shape.map((_, i) => (i === axis ? places.length : 1));
  const indices = g.op(
    'Expand',
    [g.constant(places, 'int32', placeShape), g.constant(dy.shape, 'int64')],
    'int32',
    dy.shape,
  );
  const zeros = g.fill(0, dy.type, shape);
  return g.op('ScatterElements', [zeros, indices, dy], dy.type, shape, { axis, reduction: 'add' });
}

defineKernel('ResizeNearestNeighborGrad', ({ g, inputs, attrs }: LoweringContext<ResizeAttrs>) => {
  const { images, dy } = inputs as { images: Value; dy: Value };
  return AXES.reduce((slope, axis) => {
    const extent = images.shape[axis]!;
    return addAlong(g, slope, axis, nearest(extent, dy.shape[axis]!, attrs), extent);
  }, dy);
});

defineKernel('ResizeBilinearGrad', ({ g, inputs, attrs }: LoweringContext<ResizeAttrs>) => {
  const { images, dy } = inputs as { images: Value; dy: Value };
  return AXES.reduce((slope, axis) => {
    const extent = images.shape[axis]!;
    const { lower, upper, weight } = neighbours(extent, dy.shape[axis]!, attrs);
    const rest = weight.map((w) => 1 - w);
    const low = addAlong(g, along(g, slope, axis, rest), axis, lower, extent);
    const high = addAlong(g, along(g, slope, axis, weight), axis, upper, extent);
    return binary(g, 'Add', low, high);
  }, dy);
});
