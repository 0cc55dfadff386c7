/** Attenuation of what lies above the lower of the two Nyquist frequencies, in decibels. */
const ATTENUATION = 120;
/** Share of the lower Nyquist frequency up to which nothing is changed. */
const PASSBAND = 0.92;

interface Kernel {
  up: number;
  down: number;
  taps: number;
  /** Weights [up, taps], one filter for each place of an output sample between two input samples. */
  weights: Float32Array;
}

const kernels = new Map<string, Kernel>();

/**
 * Resamples by a polyphase windowed sinc: linear phase, flat within 0.001 dB up to 92% of the lower Nyquist frequency,
 * aliases below −110 dB. The first sample stays at time 0; the result has ⌈n · to / from⌉ samples.
 *
 * @param from, to sample rates in Hz, integers
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const { up, down, taps, weights } = kernelOf(from, to);
  const output = new Float32Array(Math.ceil((samples.length * up) / down));
  const half = taps / 2;
  for (let i = 0; i < output.length; i++) {
    const position = i * down;
    const phase = position % up;
    const first = (position - phase) / up - half + 1;
    const row = phase * taps;
    const low = Math.max(0, -first);
    const high = Math.min(taps, samples.length - first);
    let sum = 0;
    for (let k = low; k < high; k++) sum += weights[row + k]! * samples[first + k]!;
    output[i] = sum;
  }
  return output;
}

/**
 * The readable twin: each output sample is the sum of all input samples, weighed by the windowed sinc at their
 * distance.
 */
export function resampleDirectly(samples: Float32Array, from: number, to: number): Float32Array {
  const { cutoff, half, beta } = design(from, to);
  const output = new Float32Array(Math.ceil((samples.length * to) / from));
  return output.map((_, i) => {
    let sum = 0;
    samples.forEach((sample, j) => {
      sum += sample * windowedSinc(j - (i * from) / to, cutoff, half, beta);
    });
    return sum;
  });
}

function kernelOf(from: number, to: number): Kernel {
  const key = `${from} ${to}`;
  const known = kernels.get(key);
  if (known) return known;
  for (const rate of [from, to])
    if (!(Number.isInteger(rate) && rate > 0))
      throw new Error(`resample: rates must be integers > 0, found ${rate}`);
  const divisor = gcd(from, to);
  const [up, down] = [to / divisor, from / divisor];
  const { cutoff, half, beta } = design(from, to);
  const taps = 2 * half;
  const weights = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase++)
    for (let k = 0; k < taps; k++)
      weights[phase * taps + k] = windowedSinc(k - half + 1 - phase / up, cutoff, half, beta);
  const kernel = { up, down, taps, weights };
  kernels.set(key, kernel);
  return kernel;
}

/** Kaiser's design: transition from the passband to the lower Nyquist frequency, all in units of the input's rate. */
function design(from: number, to: number): { cutoff: number; half: number; beta: number } {
  const nyquist = Math.min(1, to / from);
  const transition = Math.PI * nyquist * (1 - PASSBAND);
  const beta = 0.1102 * (ATTENUATION - 8.7);
  const half = Math.ceil((ATTENUATION - 7.95) / (2.285 * transition) / 2) + 1;
  return { cutoff: (nyquist * (1 + PASSBAND)) / 2, half, beta };
}

function windowedSinc(x: number, cutoff: number, half: number, beta: number): number {
  const ratio = x / half;
  if (Math.abs(ratio) >= 1) return 0;
  const window = bessel(beta * Math.sqrt(1 - ratio * ratio)) / bessel(beta);
  const angle = Math.PI * cutoff * x;
  return cutoff * window * (x === 0 ? 1 : Math.sin(angle) / angle);
}

/** The modified Bessel function of the first kind, order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
