import { Random } from '../concat/random.ts';
import { RealFft } from './fft.ts';
import { resample } from './resample.ts';

/** Plays faster (factor above 1) or slower, pitch and all: the signal resampled from rate · factor to rate. */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  if (!(factor >= 0.1 && factor <= 10))
    throw new Error(`speed: factor must be in [0.1, 10], found ${factor}`);
  return resample(samples, Math.round(1000 * factor), 1000);
}

/** Louder or softer by decibels, without clipping. */
export function changeVolume(samples: Float32Array, decibels: number): Float32Array {
  const gain = 10 ** (decibels / 20);
  return samples.map((sample) => sample * gain);
}

/** Which noise is added. */
export interface NoiseOptions {
  /** Ratio of the powers of signal and noise in decibels. */
  signalToNoise: number;
  /** A recording of noise, repeated when it is shorter. Default: white noise. */
  noise?: Float32Array;
  /** Decides where in the recording it begins, or the white noise. Default 0. */
  seed?: number;
}

/** Adds noise at a ratio of powers. Silence stays silent. */
export function addNoise(
  samples: Float32Array,
  { signalToNoise, noise, seed = 0 }: NoiseOptions,
): Float32Array {
  if (noise?.length === 0) throw new Error('noise: the recording has no length');
  const random = new Random(seed);
  const start = noise ? random.below(noise.length) : 0;
  const added = samples.map((_, i) => (noise ? noise[(start + i) % noise.length]! : random.unit() * 2 - 1));
  const power = meanSquare(added);
  if (power === 0) return samples.slice();
  const gain = Math.sqrt(meanSquare(samples) / power / 10 ** (signalToNoise / 10));
  return samples.map((sample, i) => sample + gain * added[i]!);
}

/** How a room sounds. */
export interface ReverberationOptions {
  /** A recorded impulse response. Default: one that is made from `decay`. */
  impulse?: Float32Array;
  /** Seconds in which the sound falls by 60 dB. Default 0.3. */
  decay?: number;
  /** Hz; only for an impulse that is made. Default 16000. */
  sampleRate?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * The signal in a room: convolved with an impulse response whose strongest sample is its start, cut to the same length
 * and brought back to the same power.
 */
export function reverberate(samples: Float32Array, options: ReverberationOptions = {}): Float32Array {
  const impulse = options.impulse ?? roomImpulse(options);
  let peak = 0;
  impulse.forEach((value, i) => {
    if (Math.abs(value) > Math.abs(impulse[peak]!)) peak = i;
  });
  const wet = convolve(samples, impulse).subarray(peak, peak + samples.length);
  const power = meanSquare(wet);
  const gain = power > 0 ? Math.sqrt(meanSquare(samples) / power) : 1;
  return wet.map((sample) => sample * gain);
}

/** Noise that decays exponentially behind a direct sound (Moorer, "About this reverberation business", 1979). */
export function roomImpulse({
  decay = 0.3,
  sampleRate = 16000,
  seed = 0,
}: ReverberationOptions = {}): Float32Array {
  if (!(decay > 0)) throw new Error(`reverberation: decay must be > 0 s, found ${decay}`);
  const random = new Random(seed);
  const rate = Math.log(1000) / (decay * sampleRate);
  return Float32Array.from({ length: Math.ceil(decay * sampleRate) }, (_, i) =>
    i === 0 ? 1 : 0.3 * (random.unit() * 2 - 1) * Math.exp(-rate * i),
  );
}

/** Full convolution, block by block through the Fourier transform. @returns a.length + b.length − 1 samples */
export function convolve(a: Float32Array, b: Float32Array): Float32Array {
  const size = 2 ** Math.max(8, Math.ceil(Math.log2(2 * b.length)));
  const fft = new RealFft(size);
  const block = size - b.length + 1;
  const padded = new Float64Array(size);
  padded.set(b);
  fft.transform(padded);
  const filter = [fft.real.slice(), fft.imaginary.slice()] as const;
  const output = new Float32Array(a.length + b.length - 1);
  const spectrum = new Float64Array(size);
  for (let start = 0; start < a.length; start += block) {
    padded.fill(0);
    padded.set(a.subarray(start, start + block));
    fft.transform(padded);
    // The inverse of a real signal's transform, by a forward one: of re + im over the whole circle (Hartley's trick).
    for (let k = 0; k <= size / 2; k++) {
      const [re, im] = [fft.real[k]!, fft.imaginary[k]!];
      const productRe = re * filter[0][k]! - im * filter[1][k]!;
      const productIm = re * filter[1][k]! + im * filter[0][k]!;
      spectrum[k] = productRe - productIm;
      if (k > 0 && k < size / 2) spectrum[size - k] = productRe + productIm;
    }
    fft.transform(spectrum);
    for (let i = 0; i < size && start + i < output.length; i++) {
      const k = i <= size / 2 ? i : size - i;
      const sign = i <= size / 2 ? -1 : 1;
      output[start + i]! += (fft.real[k]! + sign * fft.imaginary[k]!) / size;
    }
  }
  return output;
}

function meanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum / Math.max(1, samples.length);
}
