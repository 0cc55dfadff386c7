import { mix } from '../permutation.ts';
import type { Features } from './features.ts';
import { RealFft } from './fft.ts';
import { kaldiFilters, type MelFilters } from './mel-filters.ts';

/** How `kaldiFbank` computes; names and defaults are Kaldi's. */
export interface KaldiFbankOptions {
  /** Hz. Default 16000. */
  sampleRate?: number;
  /** Mel bins. Default 80 (Kaldi's own default is 23). */
  bins?: number;
  /** Milliseconds. Defaults 25 and 10. */
  frameLength?: number;
  frameShift?: number;
  /** Hz. Defaults 20 and 0 (the Nyquist frequency). */
  low?: number;
  high?: number;
  /** Default 0.97. */
  preemphasis?: number;
  /** Default `povey`. */
  window?: 'povey' | 'hamming' | 'hanning' | 'rectangular';
  /** Noise added to every sample, seeded; in the scale of the samples. Default 0. */
  dither?: number;
  seed?: number;
  /** Default true: only frames that lie within the signal. False: as many as shifts, the signal reflected at its ends. */
  snipEdges?: boolean;
  /** What samples in [−1, 1] are multiplied by. Default 32768, as Kaldi counts; torchaudio leaves it to the caller. */
  scale?: number;
}

/** Spacing of float32 at 1: what Kaldi and torchaudio take for silence. */
const EPSILON = 2 ** -23;

interface Plan {
  fft: RealFft;
  window: Float64Array;
  mel: MelFilters;
}
const plans = new Map<string, Plan>();

/**
 * Log-mel filter bank as Kaldi's `compute-fbank-feats` and `torchaudio.compliance.kaldi.fbank`: mean removed from each
 * frame, pre-emphasis, Povey window, power spectrum of the next power of two, natural logarithm.
 *
 * @param samples mono, in [−1, 1]
 * @throws when there is not one whole frame, or the frequencies do not fit
 */
export function kaldiFbank(samples: Float32Array, options: KaldiFbankOptions = {}): Features {
  const { sampleRate = 16000, bins = 80, frameLength = 25, frameShift = 10, low = 20, high = 0 } = options;
  const {
    preemphasis = 0.97,
    window = 'povey',
    dither = 0,
    seed = 0,
    snipEdges = true,
    scale = 32768,
  } = options;
  const length = Math.floor((sampleRate * frameLength) / 1000);
  const shift = Math.floor((sampleRate * frameShift) / 1000);
  const frames = snipEdges
    ? Math.floor((samples.length - length) / shift) + 1
    : Math.floor((samples.length + shift / 2) / shift);
  if (frames < 1 || samples.length < length)
    throw new Error(`kaldi features: a frame has ${length} samples, found ${samples.length}`);
  const plan = planOf(length, sampleRate, bins, low, high, window);
  const frame = new Float64Array(plan.fft.length);
  const power = new Float64Array(plan.fft.length / 2);
  const data = new Float32Array(frames * bins);
  for (let t = 0; t < frames; t++) {
    const start = snipEdges ? t * shift : Math.floor(shift * (t + 0.5) - length / 2);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const at = reflect(start + i, samples.length);
      let value = samples[at]! * scale;
      if (dither > 0) value += dither * gaussian(seed, t * length + i);
      frame[i] = value;
      sum += value;
    }
    const mean = sum / length;
    for (let i = length - 1; i > 0; i--)
      frame[i] = (frame[i]! - mean - preemphasis * (frame[i - 1]! - mean)) * plan.window[i]!;
    frame[0] = (frame[0]! - mean) * (1 - preemphasis) * plan.window[0]!;
    plan.fft.transform(frame);
    for (let k = 0; k < power.length; k++) power[k] = plan.fft.real[k]! ** 2 + plan.fft.imaginary[k]! ** 2;
    for (let bin = 0; bin < bins; bin++) {
      const { first, weights } = plan.mel.filters[bin]!;
      let energy = 0;
      for (let k = 0; k < weights.length; k++) energy += weights[k]! * power[first + k]!;
      data[t * bins + bin] = Math.log(Math.max(energy, EPSILON));
    }
  }
  return { data, frames, bins };
}

function planOf(
  length: number,
  sampleRate: number,
  bins: number,
  low: number,
  high: number,
  name: string,
): Plan {
  const key = [length, sampleRate, bins, low, high, name].join(' ');
  const known = plans.get(key);
  if (known) return known;
  const fft = new RealFft(2 ** Math.ceil(Math.log2(length)));
  const cosine = (i: number) => Math.cos((2 * Math.PI * i) / (length - 1));
  const window = Float64Array.from({ length }, (_, i) => {
    if (name === 'povey') return (0.5 - 0.5 * cosine(i)) ** 0.85;
    if (name === 'hamming') return 0.54 - 0.46 * cosine(i);
    return name === 'hanning' ? 0.5 - 0.5 * cosine(i) : 1;
  });
  const plan = { fft, window, mel: kaldiFilters(bins, fft.length, sampleRate, low, high) };
  plans.set(key, plan);
  return plan;
}

/** The place within a signal that is mirrored at its ends, the border samples twice. */
function reflect(at: number, length: number): number {
  let place = at;
  while (place < 0 || place >= length) place = place < 0 ? -1 - place : 2 * length - 1 - place;
  return place;
}

/** A normal variate, a pure function of (seed, place). */
function gaussian(seed: number, place: number): number {
  const u = (mix(mix(0xd17e, seed), 2 * place) + 0.5) / 2 ** 32;
  const v = mix(mix(0xd17e, seed), 2 * place + 1) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}
