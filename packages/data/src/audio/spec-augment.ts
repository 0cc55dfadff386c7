import { Random } from '../concat/random.ts';
import type { Features } from './features.ts';

/** How `specAugment` masks; the defaults are Dolphin's (2 + 2 masks), widths those of the paper's LD policy. */
export interface SpecAugmentOptions {
  /** Number of masks over bins, and the widest. Defaults 2 and 27. */
  frequencyMasks?: number;
  frequencyWidth?: number;
  /** Number of masks over time, the widest in frames, and in share of the clip. Defaults 2, 100 and 1. */
  timeMasks?: number;
  timeWidth?: number;
  timeShare?: number;
  /** Frames by which a point in time is moved, what lies on both sides being stretched. Default 0: none. */
  timeWarp?: number;
  /** What masked places become. Default: the mean of the features. */
  value?: number;
  /** The same seed gives the same masks. Default 0. */
  seed?: number;
}

/** Masks bands of frequency and stretches of time, and warps time (Park et al., "SpecAugment", 2019). */
export function specAugment(features: Features, options: SpecAugmentOptions = {}): Features {
  const { frequencyMasks = 2, frequencyWidth = 27, timeMasks = 2, timeWidth = 100, timeShare = 1 } = options;
  const { timeWarp = 0, seed = 0 } = options;
  const { frames, bins } = features;
  const random = new Random(seed);
  const data = timeWarp > 0 ? warp(features, timeWarp, random) : features.data.slice();
  let value = options.value ?? 0;
  if (options.value === undefined) {
    for (const each of features.data) value += each;
    value /= Math.max(1, features.data.length);
  }
  for (let i = 0; i < frequencyMasks; i++) {
    const width = random.below(Math.min(frequencyWidth, bins) + 1);
    const first = random.below(bins - width + 1);
    for (let t = 0; t < frames; t++) data.fill(value, t * bins + first, t * bins + first + width);
  }
  const widest = Math.min(timeWidth, Math.floor(timeShare * frames));
  for (let i = 0; i < timeMasks; i++) {
    const width = random.below(widest + 1);
    const first = random.below(frames - width + 1);
    data.fill(value, first * bins, (first + width) * bins);
  }
  return { data, frames, bins };
}

/** Moves a frame to another place; time on both sides is stretched to fit, with values between frames interpolated. */
function warp({ data, frames, bins }: Features, most: number, random: Random): Float32Array {
  if (frames <= 2 * most + 1) return data.slice();
  const from = most + random.below(frames - 2 * most);
  const to = from - most + random.below(2 * most + 1);
  if (to < 1 || to > frames - 2) return data.slice();
  const warped = new Float32Array(data.length);
  for (let t = 0; t < frames; t++) {
    const source = t < to ? (t * from) / to : from + ((t - to) * (frames - 1 - from)) / (frames - 1 - to);
    const low = Math.min(frames - 1, Math.floor(source));
    const high = Math.min(frames - 1, low + 1);
    for (let bin = 0; bin < bins; bin++) {
      const a = data[low * bins + bin]!;
      warped[t * bins + bin] = a + (data[high * bins + bin]! - a) * (source - low);
    }
  }
  return warped;
}
