import {
  add,
  cast,
  floor,
  floorDiv,
  greaterEqual,
  mul,
  range,
  reshape,
  type Scalar,
  scalar,
  square,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** Random numbers are kept in halves of 12 bits, so that every product is exact in float32 on every backend. */
const HALF = 4096;

type Halves = [high: Tensor, low: Tensor];

/** x mod 4096 for whole numbers x ≥ 0 below 2²⁴. */
const wrap = (x: Tensor) => sub(x, mul(floor(mul(x, 1 / HALF)), HALF));

/**
 * One round of a Feistel network: the low half, shifted by a key and squared, moves the high half by the middle bits of
 * the square; then the halves change places. For a given key it is a bijection of 24-bit numbers.
 */
function round([high, low]: Halves, key: Tensor | number): Halves {
  const shifted = wrap(add(low, key));
  const middle = floor(mul(square(shifted), 1 / 64));
  return [low, wrap(add(high, middle))];
}

/** Whole numbers without visible structure, as keys of the rounds: the first digits of π, e, φ, √2 ... in base 4096. */
const KEYS = [580, 2942, 2531, 1696, 236, 473, 1309, 1816];

/** Mixes a 24-bit number with a key until no trace of its order is left. */
function mix(halves: Halves, [keyHigh, keyLow]: Halves): Halves {
  return KEYS.reduce((h, constant, i) => round(h, add(i % 2 ? keyHigh : keyLow, constant)), halves);
}

/** The 24-bit halves of the whole numbers first … first + count − 1, as a column or a row. */
function counters(count: number, shape: number[]): Halves {
  const n = reshape(range(0, count, 1, 'float32'), shape);
  return [wrap(floor(mul(n, 1 / HALF))), wrap(n)];
}

/**
 * Uniform random numbers in [0, 1), multiples of 2⁻²⁴: a pure function of the shape and the seed, with the same bits on
 * every backend. Uses another seed for every purpose and step.
 *
 * Rows and columns (the last axis) are hashed separately, by eight rounds of a Feistel network keyed by the seed; four
 * more rounds mix every pair of them. Not for cryptography.
 *
 * @param shape at most 2²⁴ columns and 2²⁴ rows
 * @param seed int32 scalar
 */
export function randomUniform<R extends Tensor = Tensor>(shape: number[], seed: Scalar): R {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const half = scalar(HALF, 'int32');
  const quotient = floorDiv(seed, half);
  const low = cast(sub(seed, mul(quotient, half)), 'float32');
  const high20 = cast(quotient, 'float32');
  // The seed's 32 bits become 24 bits of key for the rows and another 24 for the columns.
  const top = add(floor(mul(high20, 1 / HALF)), 128);
  const key: Halves = mix([wrap(add(high20, 128 * HALF)), low], [top, mul(top, 3)]);
  const rowKey = mix(key, [top, low]);

  const row = mix(counters(rows, [rows, 1]), rowKey);
  const column = mix(counters(columns, [1, columns]), mix(rowKey, key));
  const joined: Halves = [wrap(add(row[0], column[0])), wrap(add(row[1], column[1]))];
  const [h, l] = [row[1], column[1], row[0], column[0]].reduce<Halves>(round, joined);
  return reshape(add(mul(h, 1 / HALF), mul(l, 1 / HALF ** 2)), shape) as R;
}

/**
 * Dropout: zeroes each element with probability `rate` and scales the others by 1 / (1 − rate)
 * (Srivastava et al. 2014).
 *
 * @param x `[...]`
 * @param rate in [0, 1); 0 returns x itself
 * @param seed int32 scalar, another one for every use and step
 * @returns the same shape
 */
export function dropout<T extends Tensor>(x: T, rate: number, seed: Scalar): T {
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate must be in [0, 1), found ${rate}`);
  if (rate === 0) return x;
  const kept = cast(greaterEqual(randomUniform(x.shape, seed), rate), 'float32');
  return mul(x, mul(kept, 1 / (1 - rate)));
}
