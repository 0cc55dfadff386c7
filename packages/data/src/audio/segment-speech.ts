/** Speech within a recording, in seconds. */
export interface SpeechSegment {
  start: number;
  end: number;
}

/** How speech is found. */
export interface SegmentSpeechOptions {
  /** Hz. Default 16000. */
  sampleRate?: number;
  /** Decibels above the noise from which on a frame begins speech. Default 12. It ends 4 dB lower. */
  threshold?: number;
  /** Seconds of pause that end a segment. Default 0.3. */
  pause?: number;
  /** Seconds of speech that a segment must have. Default 0.1. */
  shortest?: number;
  /** Seconds kept before and behind. Default 0.1. */
  margin?: number;
  /** Seconds that no segment exceeds: longer ones are cut where they are quietest. Default 30. */
  longest?: number;
}

/** Seconds of a frame. */
const FRAME = 0.01;
/** Decibels between where speech begins and where it ends. */
const HYSTERESIS = 4;
/** Share of the frames that are taken to be noise, and the loudest that noise may be, below the loudest frame. */
const NOISE_SHARE = 0.1;
const NOISE_CEILING = 20;
/** Power of a silent frame, in decibels. */
const SILENCE = -100;

/**
 * Finds speech by energy alone: frames of 10 ms (smoothed over 50 ms) that rise above the noise, which is the level
 * that a tenth of the frames stay below. Pauses split, short bursts are dropped, long stretches are cut at their
 * quietest place in the second half.
 *
 * @param samples mono @returns segments in order, none overlapping
 */
export function segmentSpeech(samples: Float32Array, options: SegmentSpeechOptions = {}): SpeechSegment[] {
  const {
    sampleRate = 16000,
    threshold = 12,
    pause = 0.3,
    shortest = 0.1,
    margin = 0.1,
    longest = 30,
  } = options;
  if (!(longest > 0)) throw new Error(`segments: longest must be > 0 s, found ${longest}`);
  const level = levels(samples, Math.round(FRAME * sampleRate));
  const sorted = level.toSorted();
  const loudest = sorted.at(-1) ?? SILENCE;
  if (loudest <= SILENCE + 20) return [];
  const noise = Math.min(sorted[Math.floor(NOISE_SHARE * sorted.length)]!, loudest - NOISE_CEILING);

  const found: { from: number; to: number }[] = [];
  let from = -1;
  let quiet = 0;
  for (let t = 0; t <= level.length; t++) {
    const above = t < level.length ? level[t]! - noise : Number.NEGATIVE_INFINITY;
    if (from < 0) {
      if (above >= threshold) [from, quiet] = [t, 0];
    } else if (above >= threshold - HYSTERESIS) quiet = 0;
    else if (++quiet * FRAME >= pause || t === level.length) {
      const to = t - quiet + 1;
      if ((to - from) * FRAME >= shortest) found.push({ from, to });
      from = -1;
    }
  }

  const end = samples.length / sampleRate;
  const segments: SpeechSegment[] = [];
  found.forEach((segment, i) => {
    // Margins meet in the middle of a pause.
    const before = i > 0 ? ((found[i - 1]!.to + segment.from) / 2) * FRAME : 0;
    const behind = i + 1 < found.length ? ((segment.to + found[i + 1]!.from) / 2) * FRAME : end;
    let start = Math.max(before, segment.from * FRAME - margin, 0);
    const stop = Math.min(behind, segment.to * FRAME + margin, end);
    while (stop - start > longest) {
      const cut = quietest(level, start + longest / 2, start + longest);
      segments.push({ start, end: cut });
      start = cut;
    }
    segments.push({ start, end: stop });
  });
  return segments;
}

/** Decibels of each frame, smoothed over five. */
function levels(samples: Float32Array, frame: number): Float64Array {
  const power = Float64Array.from({ length: Math.floor(samples.length / frame) }, (_, t) => {
    let sum = 0;
    for (let i = t * frame; i < (t + 1) * frame; i++) sum += samples[i]! * samples[i]!;
    return sum / frame;
  });
  return power.map((_, t) => {
    let [sum, count] = [0, 0];
    for (let i = Math.max(0, t - 2); i <= Math.min(power.length - 1, t + 2); i++) {
      sum += power[i]!;
      count++;
    }
    return 10 * Math.log10(sum / count + 10 ** (SILENCE / 10));
  });
}

/** The quietest moment between two, in seconds. */
function quietest(level: Float64Array, from: number, to: number): number {
  let best = Math.floor(to / FRAME) - 1;
  for (let t = Math.ceil(from / FRAME); t < Math.floor(to / FRAME); t++)
    if (level[t]! < level[best]!) best = t;
  return best * FRAME;
}
