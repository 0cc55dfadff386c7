import type { Features } from './features.ts';
import { RealFft } from './fft.ts';
import { type MelFilters, slaneyFilters } from './mel-filters.ts';

/** Whisper's settings, at 16 kHz. */
const SAMPLE_RATE = 16000;
const WINDOW = 400;
const HOP = 160;

/** How `whisperFeatures` computes. */
export interface WhisperFeaturesOptions {
  /** Mel bins: 80 (default), or 128 for large-v3 and turbo. */
  bins?: number;
  /** Pad with silence, or cut, to this many samples; Whisper wants 480,000 (30 s). Default: as long as it is. */
  padTo?: number;
}

let fft: RealFft | undefined;
const window = Float64Array.from(
  { length: WINDOW },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
);
const filters = new Map<number, MelFilters>();

/**
 * Log-mel features as OpenAI's Whisper computes them: frames of 25 ms every 10 ms over the signal reflected at its
 * ends, power, Slaney mel, log10, 8 decades below the maximum cut off, scaled by (x + 4) / 4. Whisper's own layout is
 * the transpose, [bins, frames].
 *
 * @param samples mono at 16 kHz @returns ⌊n / 160⌋ frames
 * @throws when there are fewer than 201 samples, which cannot be reflected
 */
export function whisperFeatures(
  samples: Float32Array,
  { bins = 80, padTo }: WhisperFeaturesOptions = {},
): Features {
  let signal = samples;
  if (padTo !== undefined && padTo !== samples.length) {
    signal = new Float32Array(padTo);
    signal.set(samples.subarray(0, padTo));
  }
  const half = WINDOW / 2;
  if (signal.length <= half)
    throw new Error(
      `whisper features: need more than ${half} samples (12.5 ms), found ${signal.length}; set padTo`,
    );
  fft ??= new RealFft(WINDOW);
  const spectrumBins = half + 1;
  let mel = filters.get(bins);
  if (!mel) {
    mel = slaneyFilters(bins, spectrumBins, SAMPLE_RATE);
    filters.set(bins, mel);
  }

  const frames = Math.floor(signal.length / HOP);
  const data = new Float32Array(frames * bins);
  const frame = new Float64Array(WINDOW);
  const power = new Float64Array(spectrumBins);
  const last = signal.length - 1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < frames; t++) {
    const start = t * HOP - half;
    for (let i = 0; i < WINDOW; i++) {
      let at = start + i;
      if (at < 0) at = -at;
      else if (at > last) at = 2 * last - at;
      frame[i] = signal[at]! * window[i]!;
    }
    fft.transform(frame);
    for (let k = 0; k < spectrumBins; k++) power[k] = fft.real[k]! ** 2 + fft.imaginary[k]! ** 2;
    for (let bin = 0; bin < bins; bin++) {
      const { first, weights } = mel.filters[bin]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * power[first + k]!;
      const value = Math.log10(Math.max(sum, 1e-10));
      if (value > highest) highest = value;
      data[t * bins + bin] = value;
    }
  }
  for (let i = 0; i < data.length; i++) data[i] = (Math.max(data[i]!, highest - 8) + 4) / 4;
  return { data, frames, bins };
}
