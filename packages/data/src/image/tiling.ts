/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A part of an image: left and top corner, width and height. */
export interface Box extends Size {
  left: number;
  top: number;
}

/** Grids of LLaVA-1.6: resolutions that an image may be brought to, in tiles of 336. */
export const LLAVA_GRIDS: readonly Size[] = [
  { width: 336, height: 672 },
  { width: 672, height: 336 },
  { width: 672, height: 672 },
  { width: 1008, height: 336 },
  { width: 336, height: 1008 },
];

/** How an image is cut for an encoder of one resolution. */
export interface TilePlan {
  /** What the image is resized to. */
  resized: Size;
  /** What it lies on: `resized`, centred, with borders where the shapes differ. */
  canvas: Size;
  /** Tiles of the canvas, row by row. */
  tiles: Box[];
  /** Whether the whole image, shrunk to one tile, is given as well. */
  thumbnail: boolean;
}

/**
 * The best of several resolutions for an image (LLaVA-1.6, "anyres"): the one that keeps most of its pixels, and of
 * those the one that wastes least.
 */
export function bestResolution({ width, height }: Size, grids: readonly Size[] = LLAVA_GRIDS): Size {
  checkSize({ width, height });
  let best = grids[0]!;
  let [kept, wasted] = [-1, Number.POSITIVE_INFINITY];
  for (const grid of grids) {
    const scale = Math.min(grid.width / width, grid.height / height);
    const pixels = Math.min(Math.floor(width * scale) * Math.floor(height * scale), width * height);
    const waste = grid.width * grid.height - pixels;
    if (pixels > kept || (pixels === kept && waste < wasted)) [best, kept, wasted] = [grid, pixels, waste];
  }
  return best;
}

/** LLaVA-1.6's cut: the image fitted into the best resolution, tiles of it, and the whole image before them. */
export function anyresTiles(image: Size, grids: readonly Size[] = LLAVA_GRIDS, tile = 336): TilePlan {
  const canvas = bestResolution(image, grids);
  const scale = Math.min(canvas.width / image.width, canvas.height / image.height);
  // One side fills the canvas; the other is rounded up, as in LLaVA's resize_and_pad_image.
  const resized =
    canvas.width / image.width < canvas.height / image.height
      ? { width: canvas.width, height: Math.min(Math.ceil(image.height * scale), canvas.height) }
      : { width: Math.min(Math.ceil(image.width * scale), canvas.width), height: canvas.height };
  return { resized, canvas, tiles: cut(canvas, tile), thumbnail: true };
}

/** How InternVL cuts. */
export interface InternTilesOptions {
  /** Default 448. */
  tile?: number;
  /** Fewest and most tiles. Defaults 1 and 12. */
  minimum?: number;
  maximum?: number;
  /** Add the whole image when there is more than one tile. Default true. */
  thumbnail?: boolean;
}

/**
 * InternVL-1.5's dynamic cut: of all grids of `minimum` to `maximum` tiles the one whose aspect ratio is nearest to the
 * image's; among equals the larger one, if the image has more than half as many pixels. The image is stretched to it.
 */
export function internTiles(image: Size, options: InternTilesOptions = {}): TilePlan {
  const { tile = 448, minimum = 1, maximum = 12, thumbnail = true } = options;
  checkSize(image);
  const grids: [columns: number, rows: number][] = [];
  for (let count = minimum; count <= maximum; count++)
    for (let columns = 1; columns <= count; columns++)
      if (count % columns === 0) grids.push([columns, count / columns]);
  const ratio = image.width / image.height;
  let best: [number, number] = [1, 1];
  let difference = Number.POSITIVE_INFINITY;
  for (const [columns, rows] of grids) {
    const own = Math.abs(ratio - columns / rows);
    if (own < difference) [best, difference] = [[columns, rows], own];
    else if (own === difference && image.width * image.height > 0.5 * tile * tile * columns * rows)
      best = [columns, rows];
  }
  const canvas = { width: best[0] * tile, height: best[1] * tile };
  const tiles = cut(canvas, tile);
  return { resized: canvas, canvas, tiles, thumbnail: thumbnail && tiles.length > 1 };
}

/** Tokens of an InternVL image: 256 for each tile of 448 (patches of 14, pixel shuffle by 2). */
export function internTokens(plan: TilePlan, { tile = 448, patch = 14, shuffle = 2 } = {}): number {
  return (plan.tiles.length + (plan.thumbnail ? 1 : 0)) * (tile / patch / shuffle) ** 2;
}

function cut({ width, height }: Size, tile: number): Box[] {
  const boxes: Box[] = [];
  for (let top = 0; top < height; top += tile)
    for (let left = 0; left < width; left += tile) boxes.push({ left, top, width: tile, height: tile });
  return boxes;
}

/** @throws unless both sides are integers above 0 */
export function checkSize({ width, height }: Size): void {
  for (const side of [width, height])
    if (!(Number.isInteger(side) && side > 0))
      throw new Error(`image: width and height must be integers > 0, found ${width} x ${height}`);
}
