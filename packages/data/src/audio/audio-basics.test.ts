import { describe, expect, test } from 'vitest';
import { mix } from '../permutation.ts';
import { dft, RealFft } from './fft.ts';
import { resample, resampleDirectly } from './resample.ts';

const noise = (length: number, seed = 1) =>
  Float32Array.from({ length }, (_, i) => mix(seed, i) / 2 ** 31 - 1);
/** Decibels of the difference against the signal, edges apart. */
function error(found: ArrayLike<number>, wanted: ArrayLike<number>, edge = 0): number {
  let [difference, power] = [0, 0];
  for (let i = edge; i < found.length - edge; i++) {
    difference += (found[i]! - wanted[i]!) ** 2;
    power += wanted[i]! ** 2;
  }
  return 10 * Math.log10(difference / power);
}

test.each([2, 4, 6, 8, 10, 12, 14, 30, 128, 400, 512, 26, 98, 1000])(
  'the fast transform of %i samples is the slow one',
  (length) => {
    const samples = noise(length);
    const fft = new RealFft(length);
    fft.transform(samples);
    fft.transform(samples);
    const { real, imaginary } = dft(samples);
    expect(fft.real.length).toBe(length / 2 + 1);
    for (let k = 0; k <= length / 2; k++) {
      expect(Math.abs(fft.real[k]! - real[k]!)).toBeLessThan(1e-11 * length);
      expect(Math.abs(fft.imaginary[k]! - imaginary[k]!)).toBeLessThan(1e-11 * length);
    }
  },
);

test('an odd length is refused', () => {
  expect(() => new RealFft(401)).toThrow('fft: the length must be even, found 401');
});

describe('resampling', () => {
  test.each([
    [16000, 8000],
    [8000, 16000],
    [44100, 16000],
    [16000, 17600],
    [48000, 44100],
  ])('%i to %i Hz equals the direct sum, and moves sines where they belong', (from, to) => {
    const samples = noise(600);
    const [fast, slow] = [resample(samples, from, to), resampleDirectly(samples, from, to)];
    expect(fast.length).toBe(Math.ceil((600 * to) / from));
    expect(error(fast, slow)).toBeLessThan(-120);
    const limit = Math.min(from, to) / 2;
    for (const share of [0.01, 0.3, 0.7, 0.9]) {
      const sine = (rate: number, length: number) =>
        Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * share * limit * i) / rate + 0.3));
      const output = resample(sine(from, 8000), from, to);
      expect(error(output, sine(to, output.length), 400)).toBeLessThan(-100);
    }
    if (to < from) {
      // What cannot be represented is gone.
      const above = Float32Array.from({ length: 8000 }, (_, i) =>
        Math.sin((2 * Math.PI * 1.05 * limit * i) / from),
      );
      const rest = resample(above, from, to).subarray(400, -400);
      expect(Math.max(...rest.map(Math.abs))).toBeLessThan(10 ** (-100 / 20));
    }
  });

  test('rates must be integers', () => {
    expect(() => resample(noise(10), 16000.5, 8000)).toThrow('rates must be integers > 0, found 16000.5');
  });
});
