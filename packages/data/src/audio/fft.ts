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
  readonly #stages: {
    radix: number;
    groups: number;
    stride: number;
    cos: Float64Array;
    sin: Float64Array;
  }[] = [];
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
    for (const { radix, groups, stride, cos, sin } of this.#stages) {
      for (let group = 0; group < groups; group++) {
        for (let k = 0; k < stride; k++) {
          const from = stride * group + k;
          butterfly(radix, re, im, from, stride * groups);
          const to = stride * radix * group + k;
          for (let r = 0; r < radix; r++) {
            const w = group * r;
            const [c, s] = [cos[w]!, sin[w]!];
            re2[to + stride * r] = OUT_RE[r]! * c + OUT_IM[r]! * s;
            im2[to + stride * r] = OUT_IM[r]! * c - OUT_RE[r]! * s;
          }
        }
      }
      [re, im, re2, im2] = [re2, im2, re, im];
    }
    for (let k = 0; k <= half; k++) {
      const [a, b] = [k % half, (half - k) % half];
      const evenRe = (re[a]! + re[b]!) / 2;
      const evenIm = (im[a]! - im[b]!) / 2;
      const oddRe = (im[a]! + im[b]!) / 2;
      const oddIm = (re[b]! - re[a]!) / 2;
      const [c, s] = [this.#cos[k]!, this.#sin[k]!];
      this.real[k] = evenRe + oddRe * c + oddIm * s;
      this.imaginary[k] = evenIm + oddIm * c - oddRe * s;
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

/** What a butterfly gives; as large as the largest radix that was used. */
let OUT_RE = new Float64Array(8);
let OUT_IM = new Float64Array(8);
const SIN_60 = Math.sqrt(3) / 2;

/** The transform of the `radix` values at from, from + step, … */
function butterfly(radix: number, re: Float64Array, im: Float64Array, from: number, step: number): void {
  const [r0, i0, r1, i1] = [re[from]!, im[from]!, re[from + step]!, im[from + step]!];
  if (radix === 2) {
    set(0, r0 + r1, i0 + i1);
    set(1, r0 - r1, i0 - i1);
    return;
  }
  const [r2, i2] = [re[from + 2 * step]!, im[from + 2 * step]!];
  if (radix === 3) {
    const [sumRe, sumIm] = [r1 + r2, i1 + i2];
    const [difRe, difIm] = [SIN_60 * (i1 - i2), SIN_60 * (r1 - r2)];
    set(0, r0 + sumRe, i0 + sumIm);
    set(1, r0 - sumRe / 2 + difRe, i0 - sumIm / 2 - difIm);
    set(2, r0 - sumRe / 2 - difRe, i0 - sumIm / 2 + difIm);
    return;
  }
  if (radix === 4) {
    const [r3, i3] = [re[from + 3 * step]!, im[from + 3 * step]!];
    set(0, r0 + r1 + r2 + r3, i0 + i1 + i2 + i3);
    set(1, r0 + i1 - r2 - i3, i0 - r1 - i2 + r3);
    set(2, r0 - r1 + r2 - r3, i0 - i1 + i2 - i3);
    set(3, r0 - i1 - r2 + i3, i0 + r1 - i2 - r3);
    return;
  }
  if (radix > OUT_RE.length) {
    OUT_RE = new Float64Array(radix);
    OUT_IM = new Float64Array(radix);
  }
  for (let r = 0; r < radix; r++) {
    let [sumRe, sumIm] = [0, 0];
    for (let j = 0; j < radix; j++) {
      const angle = (2 * Math.PI * ((r * j) % radix)) / radix;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = [re[from + j * step]!, im[from + j * step]!];
      sumRe += a * c + b * s;
      sumIm += b * c - a * s;
    }
    set(r, sumRe, sumIm);
  }
}

function set(place: number, re: number, im: number): void {
  OUT_RE[place] = re;
  OUT_IM[place] = im;
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
