import { readFile } from 'node:fs/promises';
import { type Box, checkSize, type Size, type TilePlan } from './tiling.ts';

/** An image in memory: `data[(y * width + x) * 3 + channel]`, red, green, blue, 0 to 255. */
export interface Image extends Size {
  data: Uint8Array;
}

/** What `readImage` makes of a file. */
export interface ReadImageOptions {
  /** Stretch to this size. Default: the image's. */
  size?: Size;
  /** Default `cubic`. */
  kernel?: 'nearest' | 'linear' | 'cubic' | 'lanczos3';
}

/**
 * Decodes a file (JPEG, PNG, WebP, GIF, AVIF, TIFF, SVG) with the optional package `sharp`, turned upright, without
 * transparency (on white), and resized.
 *
 * @throws one line that names the file when it is missing or damaged, or the package is
 */
export async function readImage(
  path: string,
  { size, kernel = 'cubic' }: ReadImageOptions = {},
): Promise<Image> {
  if (size) checkSize(size);
  const { default: sharp } = await import('sharp').catch(() => {
    throw new Error(`${path}: decoding images needs the package sharp; install it`);
  });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new Error(
      `${path}: ${(error as { code?: string }).code === 'ENOENT' ? 'is missing' : (error as Error).message}`,
    );
  }
  try {
    let pipeline = sharp(bytes, { failOn: 'truncated' })
      .rotate()
      .flatten({ background: '#fff' })
      .toColourspace('srgb');
    if (size) pipeline = pipeline.resize({ ...size, fit: 'fill', kernel });
    const { data, info } = await pipeline.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { width, height, data: channels === 3 ? new Uint8Array(data) : repeatGrey(data) };
  } catch (error) {
    throw new Error(`${path}: cannot be decoded: ${(error as Error).message.split('\n')[0]}`);
  }
}

/**
 * The tiles of a plan (`anyresTiles`, `internTiles`) from an image that has the plan's `resized` size; borders are
 * black.
 */
export function cutTiles(image: Image, { resized, canvas, tiles }: TilePlan): Image[] {
  if (image.width !== resized.width || image.height !== resized.height)
    throw new Error(
      `tiles: the plan is for ${resized.width} x ${resized.height} pixels, found ${image.width} x ${image.height}`,
    );
  const left = Math.floor((canvas.width - resized.width) / 2);
  const top = Math.floor((canvas.height - resized.height) / 2);
  return tiles.map((tile) => crop(image, { ...tile, left: tile.left - left, top: tile.top - top }));
}

/** A part of an image; what lies outside is black. */
function crop({ width, height, data }: Image, box: Box): Image {
  const out = new Uint8Array(box.width * box.height * 3);
  const from = Math.max(0, box.left);
  const to = Math.min(width, box.left + box.width);
  for (let y = Math.max(0, box.top); y < Math.min(height, box.top + box.height); y++) {
    if (from >= to) break;
    const row = data.subarray((y * width + from) * 3, (y * width + to) * 3);
    out.set(row, ((y - box.top) * box.width + from - box.left) * 3);
  }
  return { width: box.width, height: box.height, data: out };
}

function repeatGrey(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(grey.length * 3);
  grey.forEach((value, i) => {
    data.fill(value, 3 * i, 3 * i + 3);
  });
  return data;
}
