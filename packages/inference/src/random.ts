/**
 * Random numbers as a pure function of where they are used, so that no sample depends on which others share
 * its batch, and any draw can be repeated alone.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/**
 * A uniform number in [0, 1) with 53 random bits, fixed by its three coordinates.
 *
 * @param seed an integer between 0 and 2^53 − 1
 * @param sample index of the sampled sequence, below 2^32
 * @param position index of the token within that sequence, below 2^32
 */
export function uniformAt(seed: number, sample: number, position: number): number {
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  const [a, b] = philox([position >>> 0, sample >>> 0, 0, 0], key);
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
}

type Words4 = readonly [number, number, number, number];

/** Four random 32-bit words for one counter and key. Exposed for its known-answer test. */
export function philox(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = mulHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The high 32 bits of the 64-bit product of two unsigned 32-bit integers, in exact double arithmetic. */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
}
