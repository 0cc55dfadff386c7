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

/**
 * The generator's state: two numbers in [0, 1) of 12 bits each. All arithmetic on them is exact in float32, so that
 * every backend gets the same bits.
 */
type State = [high: Tensor, low: Tensor];

const BITS = 12;
const SIZE = 2 ** BITS;

const fraction = (x: Tensor) => sub(x, floor(x));

/**
 * One round of a Feistel network: the low half, shifted by a key and squared, moves the high half by the middle bits of
 * the square; then the halves change places. For a given key it is a bijection.
 */
function round([high, low]: State, key: Tensor | number): State {
  const shifted = fraction(add(low, key));
  const middle = mul(floor(mul(square(shifted), 2 ** (2 * BITS - 6))), 1 / SIZE);
  return [low, fraction(add(high, middle))];
}

/** Numbers without visible structure, as keys of the rounds. */
const KEYS = [580, 2942, 2531, 1696, 236, 473, 1309, 1816].map((key) => key / SIZE);

/** Mixes a state with a key until no trace of its order is left. */
function mix(state: State, [keyHigh, keyLow]: State): State {
  return KEYS.reduce((s, constant, i) => round(s, add(i % 2 ? keyHigh : keyLow, constant)), state);
}

/** The states 0, 1, 2 ... as a column or a row. */
function counters(count: number, shape: number[]): State {
  const n = mul(reshape(range(0, count, 1, 'float32'), shape), 1 / SIZE);
  return [fraction(mul(floor(n), 1 / SIZE)), fraction(n)];
}

/** The 32 bits of a seed as a state and the 8 bits that do not fit into it, all in [0, 1). */
function seedState(seed: Scalar): { state: State; top: Tensor } {
  const size = scalar(SIZE, 'int32');
  const quotient = floorDiv(seed, size);
  const low = mul(cast(sub(seed, mul(quotient, size)), 'float32'), 1 / SIZE);
  const upper = mul(cast(quotient, 'float32'), 1 / SIZE);
  return { state: [fraction(upper), low], top: mul(add(floor(upper), 128), 1 / SIZE) };
}

/**
 * Uniform random numbers in [0, 1), multiples of 2⁻²⁴: a pure function of the shape and the seed, with the same bits on
 * every backend. Use another seed for every purpose and step.
 *
 * Rows and columns (the last axis) are hashed separately, by eight rounds of a Feistel network keyed by the seed; three
 * more rounds mix every pair of them. Not for cryptography.
 *
 * @param shape at most 2²⁴ columns and 2²⁴ rows
 * @param seed int32 scalar
 */
export function randomUniform<R extends Tensor = Tensor>(shape: number[], seed: Scalar): R {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const { state, top } = seedState(seed);
  const key = mix(state, [top, mul(top, 3)]);
  const rowKey = mix(key, [top, state[1]]);

  const row = mix(counters(rows, [rows, 1]), rowKey);
  const column = mix(counters(columns, [1, columns]), mix(rowKey, key));
  const joined: State = [add(row[0], column[0]), add(row[1], column[1])];
  const [high, low] = [row[1], column[1], row[0]].reduce<State>(round, joined);
  return reshape(add(high, mul(low, 1 / SIZE)), shape) as R;
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
