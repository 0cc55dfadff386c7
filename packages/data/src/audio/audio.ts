/** Sound in memory: samples of each channel, nominally in [−1, 1]. */
export interface Audio {
  /** Samples a second. */
  sampleRate: number;
  /** Equally long. */
  channels: Float32Array[];
}

/** Seconds of sound. */
export function durationOf(audio: Audio): number {
  return (audio.channels[0]?.length ?? 0) / audio.sampleRate;
}

/** The mean of the channels. A single channel is given back as it is. */
export function toMono({ channels }: Audio): Float32Array {
  const [first] = channels;
  if (!first) throw new Error('audio: expected at least one channel, found none');
  if (channels.length === 1) return first;
  const mono = new Float32Array(first.length);
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i]!;
    mono[i] = sum / channels.length;
  }
  return mono;
}
