/** Rounds of the network: four already mix well, two more cost nothing. */
const ROUNDS = 6;

/**
 * A pseudo-random permutation of 0 … length − 1 that needs no memory: a balanced Feistel network over the next
 * power of four, walked along its cycle until the value falls below `length` (Black & Rogaway, "Ciphers with
 * Arbitrary Finite Domains", 2002, method "cycle walking"). Any element is computed in O(1), so a shuffled
 * epoch can be entered anywhere.
 *
 * @param length how many numbers are permuted, up to 2^52
 * @param seed integer; `stream` makes independent permutations of one seed, e.g. one per epoch
 * @returns position → element
 */
export function permutation(length: number, seed: number, stream = 0): (position: number) => number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(length, 2)) / 2));
  const base = 2 ** halfBits;
  const keys = Array.from({ length: ROUNDS }, (_, round) => mix(mix(mix(0x9e3779b9, seed), stream), round));

  const encrypt = (value: number): number => {
    let left = Math.floor(value / base);
    let right = value % base;
    for (const key of keys) [left, right] = [right, ((left ^ mix(key, right)) & (base - 1)) >>> 0];
    return left * base + right;
  };

  return (position) => {
    let value = position;
    do value = encrypt(value);
    while (value >= length);
    return value;
  };
}

/** Hashes two integers to 32 bits (the finaliser of MurmurHash3 over their combination). */
export function mix(state: number, value: number): number {
  // Integers beyond 32 bits keep their upper half.
  let h = state ^ Math.imul(value | 0, 0xcc9e2d51) ^ Math.imul(Math.floor(value / 2 ** 32) | 0, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
