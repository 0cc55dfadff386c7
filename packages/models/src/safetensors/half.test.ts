import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.ts';

const ALL_BITS = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** Non-negative finite values of a 16-bit format in rising order: the index is the bit pattern. */
function finite(values: Float32Array): Float32Array {
  return values.slice(0, values.indexOf(Number.POSITIVE_INFINITY));
}

/** The slow twin: tries the two neighbours and takes the nearer, the even one of a tie. `top` rounds to infinity. */
function nearestBits(value: number, grid: Float32Array, top: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (magnitude >= top) return sign | grid.length;
  let low = 0;
  let high = grid.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (grid[middle]! <= magnitude) low = middle;
    else high = middle;
  }
  if (low === grid.length - 1) return sign | low;
  const [below, above] = [magnitude - grid[low]!, grid[low + 1]! - magnitude];
  const up = above < below || (above === below && low % 2 === 1);
  return sign | (up ? low + 1 : low);
}

/** Values near every boundary: grid points, midpoints, the float32 numbers around them, and all magnitudes. */
function probes(grid: Float32Array): Float32Array {
  const values: number[] = [0, -0, 65504, 65519.996, 65520, 65536, 1e-45, 2 ** -25, 2 ** -24, 3.4e38, -1e30];
  for (let i = 1; i < grid.length; i += 7) {
    const middle = Math.fround((grid[i - 1]! + grid[i]!) / 2);
    values.push(grid[i]!, middle, middle * (1 + 2 ** -23), middle * (1 - 2 ** -23), -middle);
  }
  for (let i = 0; i < 2000; i++) values.push(Math.sin(i) * 2 ** ((i % 90) - 45));
  return Float32Array.from(values);
}

const formats = [
  { name: 'float16', widen: float16ToFloat32, narrow: float32ToFloat16, top: 65520 },
  {
    name: 'bfloat16',
    widen: bfloat16ToFloat32,
    narrow: float32ToBfloat16,
    top: (2 - 2 ** -8) * 2 ** 127,
  },
];

describe.each(formats)('$name', ({ widen, narrow, top }) => {
  it('keeps every one of its own values', () => {
    const values = widen(ALL_BITS);
    const back = narrow(values);
    const changed = [...ALL_BITS].filter((bits) => back[bits] !== bits && !Number.isNaN(values[bits]));
    expect(changed).toEqual([]);
  });

  it('rounds to nearest, ties to even, as the slow twin does', () => {
    const grid = finite(widen(ALL_BITS));
    const values = probes(grid);
    const bits = narrow(values);
    const wrong = [...values].filter((value, i) => bits[i] !== nearestBits(value, grid, top));
    expect(wrong).toEqual([]);
  });

  it('keeps NaN and infinities', () => {
    const [nan, plus, minus] = widen(narrow(Float32Array.of(Number.NaN, Infinity, -Infinity)));
    expect([nan, plus, minus]).toEqual([Number.NaN, Infinity, -Infinity]);
  });
});

it('knows some values by heart', () => {
  expect([...float16ToFloat32(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555))]).toEqual([
    1,
    -2,
    2 ** -24,
    65504,
    0.333251953125,
  ]);
  expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc000, 0x4049))]).toEqual([1, -2, 3.140625]);
});
