import { mix } from '../permutation.ts';

/** A hash of 32 bits over numbers, by which a sampler knows its data again. */
export function fingerprint(values: ArrayLike<number>): number {
  let hash = mix(0xf19e, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const whole = Math.floor(value);
    hash = mix(hash, whole);
    if (whole !== value) hash = mix(hash, Math.floor((value - whole) * 2 ** 32));
  }
  return hash;
}
