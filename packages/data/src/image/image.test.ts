import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { cutTiles, readImage } from './read-image.ts';
import { countPatches, smartResize } from './smart-resize.ts';
import { anyresTiles, bestResolution, internTiles, internTokens, LLAVA_GRIDS } from './tiling.ts';

describe('LLaVA-1.6', () => {
  test('an image of 672 x 672 becomes five tiles, one of them the whole', () => {
    const plan = anyresTiles({ width: 672, height: 672 });
    expect(plan.tiles.length + (plan.thumbnail ? 1 : 0)).toBe(5);
    expect(plan.canvas).toEqual({ width: 672, height: 672 });
  });

  test('ViT-L/14 at 336 pixels gives 576 patches, and one state more for the class', () => {
    expect((336 / 14) ** 2).toBe(576);
  });

  test.each([
    [
      { width: 336, height: 672 },
      { width: 336, height: 672 },
    ],
    [
      { width: 1000, height: 300 },
      { width: 1008, height: 336 },
    ],
    [
      { width: 300, height: 1000 },
      { width: 336, height: 1008 },
    ],
    [
      { width: 4000, height: 3000 },
      { width: 672, height: 672 },
    ],
    [
      { width: 100, height: 100 },
      { width: 336, height: 672 },
    ],
  ])('best resolution of %o is %o', (image, wanted) => {
    expect(bestResolution(image)).toEqual(wanted);
    expect(LLAVA_GRIDS).toContainEqual(wanted);
  });

  test('the other side is padded', () => {
    const { resized, canvas } = anyresTiles({ width: 1000, height: 300 });
    expect(resized).toEqual({ width: 1008, height: 303 });
    expect(canvas).toEqual({ width: 1008, height: 336 });
  });
});

describe('InternVL-1.5', () => {
  test('800 x 1300 becomes 2 x 3 tiles and the whole', () => {
    const plan = internTiles({ width: 800, height: 1300 });
    expect(plan.canvas).toEqual({ width: 2 * 448, height: 3 * 448 });
    expect(plan.tiles.length).toBe(6);
    expect(plan.thumbnail).toBe(true);
  });

  test('512 x 512 is one tile of 256 tokens', () => {
    const plan = internTiles({ width: 512, height: 512 });
    expect(plan.tiles.length).toBe(1);
    expect(internTokens(plan)).toBe(256);
  });

  test('40 x 400 becomes 448 x 4480, 2,560 tokens apart from the whole', () => {
    const plan = internTiles({ width: 40, height: 400 }, { thumbnail: false });
    expect(plan.canvas).toEqual({ width: 448, height: 4480 });
    expect(internTokens(plan)).toBe(2560);
  });

  test('among grids of one shape the larger needs enough pixels', () => {
    expect(internTiles({ width: 448, height: 448 }).tiles.length).toBe(1);
    expect(internTiles({ width: 2000, height: 2000 }).tiles.length).toBe(9);
    expect(internTiles({ width: 2000, height: 2000 }, { maximum: 4 }).tiles.length).toBe(4);
  });
});

describe('Qwen2-VL', () => {
  test('224 x 224: 64 tokens, 66 with those that begin and end it', () => {
    const { tokens, grid } = countPatches({ width: 224, height: 224 });
    expect(grid).toEqual([1, 16, 16]);
    expect(tokens + 2).toBe(66);
  });

  test('512 x 512 becomes 504 x 504, 1,296 patches, 324 tokens', () => {
    const { size, patches, tokens } = countPatches({ width: 512, height: 512 });
    expect([size.width, size.height, patches, tokens]).toEqual([504, 504, 1296, 324]);
    // A patch of two frames of 14 x 14 pixels of three colours.
    expect(2 * 14 * 14 * 3).toBe(1176);
  });

  test('40 x 400 becomes 28 x 392, 14 tokens', () => {
    const { size, tokens } = countPatches({ width: 40, height: 400 });
    expect([size.width, size.height, tokens]).toEqual([28, 392, 14]);
  });

  test('4 to 16,384 tokens an image', () => {
    expect(countPatches({ width: 10, height: 10 }).tokens).toBe(4);
    const huge = countPatches({ width: 20_000, height: 15_000 }).tokens;
    expect(huge).toBeLessThanOrEqual(16384);
    expect(huge).toBeGreaterThan(16000);
    expect(
      countPatches({ width: 2000, height: 1000 }, { maximum: 28 * 28 * 256 }).tokens,
    ).toBeLessThanOrEqual(256);
  });

  test('six frames of 224 x 224: 768 patches, 192 tokens', () => {
    const { patches, tokens } = countPatches({ width: 224, height: 224 }, { frames: 6 });
    expect([patches, tokens]).toEqual([768, 192]);
    expect(countPatches({ width: 224, height: 224 }, { frames: 5 }).patches).toBe(768);
  });

  test('bad input is named', () => {
    expect(() => smartResize({ width: 0, height: 5 })).toThrow(
      'width and height must be integers > 0, found 0 x 5',
    );
    expect(() => smartResize({ width: 5000, height: 10 })).toThrow('one side may be 200 times the other');
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-image-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = async (name: string, width: number, height: number) => {
    const raw = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 251));
    const png = await sharp(raw, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(join(folder, name), png);
    return { path: join(folder, name), raw, png };
  };

  test('are decoded to the pixel, and resized', async () => {
    const { path, raw } = await write('a.png', 8, 6);
    expect(await readImage(path)).toEqual({ width: 8, height: 6, data: new Uint8Array(raw) });
    const { width, height, data } = await readImage(path, { size: { width: 4, height: 10 } });
    expect([width, height, data.length]).toEqual([4, 10, 120]);
  });

  test('tiles together are the image', async () => {
    const { path, raw } = await write('b.png', 6, 4);
    const image = await readImage(path);
    const plan = anyresTiles({ width: 6, height: 4 }, [{ width: 6, height: 6 }], 3);
    expect(plan.resized).toEqual({ width: 6, height: 4 });
    const tiles = cutTiles(image, plan);
    expect(tiles.length).toBe(4);
    for (let y = 0; y < 6; y++)
      for (let x = 0; x < 6; x++) {
        const tile = tiles[Math.floor(y / 3) * 2 + Math.floor(x / 3)]!;
        const wanted = y < 1 || y > 4 ? 0 : raw[((y - 1) * 6 + x) * 3];
        expect(tile.data[((y % 3) * 3 + (x % 3)) * 3]).toBe(wanted);
      }
    expect(() => cutTiles(image, { ...plan, resized: { width: 5, height: 4 } })).toThrow(
      'the plan is for 5 x 4 pixels',
    );
  });

  test('missing and damaged files are named', async () => {
    const { png } = await write('c.png', 50, 50);
    writeFileSync(join(folder, 'cut.png'), png.subarray(0, png.length / 2));
    await expect(readImage(join(folder, 'none.png'))).rejects.toThrow(/none\.png: is missing$/);
    await expect(readImage(join(folder, 'cut.png'))).rejects.toThrow(/cut\.png: cannot be decoded: /);
  });
});
