/** Sound that is like speech: syllables of a voiced source through formants, hissing between some, pauses between words. */

/** Numbers in [0, 1) from a seed (mulberry32). */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const between = (random, low, high) => low + (high - low) * random();

/** @param {number} seed @param {number} seconds @param {number} sampleRate @returns {Float32Array} */
export function synthesizeSpeech(seed, seconds, sampleRate) {
  const random = generator(seed);
  const samples = new Float32Array(Math.round(seconds * sampleRate));
  const pitch = between(random, 90, 230);
  let at = 0;
  while (at < samples.length) {
    const length = Math.round(between(random, 0.08, 0.25) * sampleRate);
    const kind = random();
    if (kind > 0.15) syllable(samples, at, length, { random, sampleRate, pitch, hiss: kind > 0.85 });
    at += length;
  }
  return samples;
}

function syllable(samples, at, length, { random, sampleRate, pitch, hiss }) {
  const formants = [between(random, 300, 800), between(random, 900, 2200), between(random, 2300, 3200)].map(
    (hertz, i) => resonator(hertz, 60 + 40 * i, sampleRate),
  );
  const bend = between(random, 0.9, 1.1);
  let phase = random();
  for (let i = 0; i < length && at + i < samples.length; i++) {
    const share = i / length;
    phase += (pitch * (1 + (bend - 1) * share)) / sampleRate;
    let source = 0.02 * (random() - 0.5);
    if (hiss) source = 0.4 * (random() - 0.5);
    else if (phase >= 1) {
      phase -= 1;
      source += 1;
    }
    const voice = formants.reduce((sum, filter, k) => sum + filter(source) / (1 + k), 0);
    samples[at + i] = 0.3 * voice * Math.sin(Math.PI * share) ** 0.5;
  }
}

/** A filter of two poles around a frequency. */
function resonator(hertz, bandwidth, sampleRate) {
  const r = Math.exp((-Math.PI * bandwidth) / sampleRate);
  const a = 2 * r * Math.cos((2 * Math.PI * hertz) / sampleRate);
  let [y1, y2] = [0, 0];
  return (x) => {
    const y = (1 - r) * x + a * y1 - r * r * y2;
    y2 = y1;
    y1 = y;
    return y;
  };
}
