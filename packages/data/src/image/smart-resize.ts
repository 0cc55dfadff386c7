import { checkSize, type Size } from './tiling.ts';

/** How Qwen2-VL sees. */
export interface SmartResizeOptions {
  /** Side of a patch. Default 14. */
  patch?: number;
  /** Patches merged on each side into one token. Default 2. */
  merge?: number;
  /** Pixels that an image has at least and at most. Defaults 4 and 16,384 tokens' worth: 28² · 4, 28² · 16384. */
  minimum?: number;
  maximum?: number;
}

/** Frames that one patch in time covers. */
const TEMPORAL_PATCH = 2;

/**
 * Qwen2-VL's size for an image: both sides multiples of patch · merge (28), the number of pixels within bounds, the
 * aspect ratio kept as well as that allows.
 * @throws when one side is over 200 times the other
 */
export function smartResize(image: Size, options: SmartResizeOptions = {}): Size {
  const { factor, minimum, maximum } = resolve(options);
  checkSize(image);
  const { width, height } = image;
  if (Math.max(width, height) / Math.min(width, height) > 200)
    throw new Error(`image: one side may be 200 times the other, found ${width} x ${height}; cut it first`);
  const to = (side: number, round: (x: number) => number) => Math.max(factor, round(side / factor) * factor);
  const rounded = { width: to(width, roundHalfEven), height: to(height, roundHalfEven) };
  const pixels = rounded.width * rounded.height;
  if (pixels > maximum) {
    const shrink = Math.sqrt((width * height) / maximum);
    return { width: to(width / shrink, Math.floor), height: to(height / shrink, Math.floor) };
  }
  if (pixels < minimum) {
    const grow = Math.sqrt(minimum / (width * height));
    return { width: to(width * grow, Math.ceil), height: to(height * grow, Math.ceil) };
  }
  return rounded;
}

/** Patches, and tokens after merging, of an image or of frames of a video, and the size they are resized to. */
export interface PatchCount {
  size: Size;
  /** Patches in time, height and width. */
  grid: [time: number, height: number, width: number];
  patches: number;
  /** Without the two tokens that begin and end the image. */
  tokens: number;
}

/**
 * What Qwen2-VL makes of an image, or of a video of `frames` frames (two of which share a patch; an odd last one is
 * doubled, as a single image is).
 */
export function countPatches(
  image: Size,
  { frames = 1, ...options }: SmartResizeOptions & { frames?: number } = {},
): PatchCount {
  const { patch, merge } = resolve(options);
  if (!(Number.isInteger(frames) && frames > 0))
    throw new Error(`image: frames must be an integer > 0, found ${frames}`);
  const size = smartResize(image, options);
  const grid: [number, number, number] = [
    Math.ceil(frames / TEMPORAL_PATCH),
    size.height / patch,
    size.width / patch,
  ];
  const patches = grid[0] * grid[1] * grid[2];
  return { size, grid, patches, tokens: patches / merge ** 2 };
}

function resolve({ patch = 14, merge = 2, minimum, maximum }: SmartResizeOptions) {
  const factor = patch * merge;
  return {
    patch,
    merge,
    factor,
    minimum: minimum ?? 4 * factor ** 2,
    maximum: maximum ?? 16384 * factor ** 2,
  };
}

/** Python's rounding, which the reference uses. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}
