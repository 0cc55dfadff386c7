import { runStage, type Stage } from './fft-stages.ts';

/**
 * The Fourier transform of real signals of one even length. Radices 2, 3, 4 and 5 have code of their own; other prime
 * factors cost their square.
 *
 * The signal's even and odd samples are one complex signal of half the length (Cooley, Lewis and Welch, 1970), which
 * goes through Stockham's self-sorting stages.
 */
export class RealFft {
  readonly length: number;
  /** Results of the last call: bins 0 … length / 2. */
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly #stages: Stage[] = [];
  readonly #buffers: [Float64Array, Float64Array, Float64Array, Float64Array];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** @throws unless the length is even and above 0 */
  constructor(length: number) {
    if (!(Number.isInteger(length) && length > 0 && length % 2 === 0))
      throw new Error(`fft: the length must be even, found ${length}`);
    this.length = length;
    const half = length / 2;
    this.real = new Float64Array(half + 1);
    this.imaginary = new Float64Array(half + 1);
    const buffer = () => new Float64Array(half);
    this.#buffers = [buffer(), buffer(), buffer(), buffer()];
    let stride = 1;
    for (let rest = half; rest > 1; ) {
      const radix = [4, 2, 3, 5].find((each) => rest % each === 0) ?? smallestFactor(rest);
      const groups = rest / radix;
      const [cos, sin] = circle(groups * radix, rest);
      this.#stages.push({ radix, groups, stride, cos, sin });
      rest = groups;
      stride *= radix;
    }
    [this.#cos, this.#sin] = circle(half + 1, length);
  }

  /** Transforms `length` samples from `offset` on; the result lies in `real` and `imaginary`. */
  transform(samples: ArrayLike<number>, offset = 0): void {
    let [re, im, re2, im2] = this.#buffers;
    const half = this.length / 2;
    for (let i = 0; i < half; i++) {
      re[i] = samples[offset + 2 * i]!;
      im[i] = samples[offset + 2 * i + 1]!;
    }
    for (const stage of this.#stages) {
      runStage(stage, re, im, re2, im2);
      [re, im, re2, im2] = [re2, im2, re, im];
    }
    const cos = this.#cos;
    const sin = this.#sin;
    for (let k = 0; k <= half; k++) {
      const a = k === half ? 0 : k;
      const b = k === 0 ? 0 : half - k;
      const oddRe = (im[a]! + im[b]!) / 2;
      const oddIm = (re[b]! - re[a]!) / 2;
      const c = cos[k]!;
      const s = sin[k]!;
      this.real[k] = (re[a]! + re[b]!) / 2 + oddRe * c + oddIm * s;
      this.imaginary[k] = (im[a]! - im[b]!) / 2 + oddIm * c - oddRe * s;
    }
  }
}

/** The definition, in quadratic time: what the fast transform must agree with. */
export function dft(samples: ArrayLike<number>): { real: number[]; imaginary: number[] } {
  const { length } = samples;
  const real: number[] = [];
  const imaginary: number[] = [];
  for (let k = 0; k <= length / 2; k++) {
    let [re, im] = [0, 0];
    for (let n = 0; n < length; n++) {
      const angle = (-2 * Math.PI * ((k * n) % length)) / length;
      re += samples[n]! * Math.cos(angle);
      im += samples[n]! * Math.sin(angle);
    }
    real.push(re);
    imaginary.push(im);
  }
  return { real, imaginary };
}

/** cos and sin of `count` steps of 2π / length. */
function circle(count: number, length: number): [Float64Array, Float64Array] {
  const angle = (i: number) => (2 * Math.PI * i) / length;
  return [
    Float64Array.from({ length: count }, (_, i) => Math.cos(angle(i))),
    Float64Array.from({ length: count }, (_, i) => Math.sin(angle(i))),
  ];
}

function smallestFactor(n: number): number {
  for (let factor = 7; factor * factor <= n; factor += 2) if (n % factor === 0) return factor;
  return n;
}
