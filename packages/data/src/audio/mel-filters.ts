/** Triangular filters over the bins of a spectrum, of which only the part that is not 0 is kept. */
export interface MelFilters {
  /** First bin of the spectrum that each filter weighs, and its weights. */
  filters: { first: number; weights: Float64Array }[];
}

/** Keeps what is not 0 of a filter. */
function sparse(weights: Float64Array): { first: number; weights: Float64Array } {
  const first = Math.max(
    0,
    weights.findIndex((weight) => weight !== 0),
  );
  return { first, weights: weights.slice(first, weights.findLastIndex((weight) => weight !== 0) + 1) };
}

/**
 * Slaney's filters, as Whisper (and librosa) use them: linear below 1 kHz, logarithmic above, each of unit area.
 * @param spectrumBins bins from 0 to the Nyquist frequency, both included
 */
export function slaneyFilters(bins: number, spectrumBins: number, sampleRate: number): MelFilters {
  const nyquist = sampleRate / 2;
  const points = Float64Array.from({ length: bins + 2 }, (_, i) =>
    slaneyToHertz((slaneyToMel(nyquist) * i) / (bins + 1)),
  );
  const filters = Array.from({ length: bins }, (_, bin) => {
    const [low, centre, high] = [points[bin]!, points[bin + 1]!, points[bin + 2]!];
    const weights = new Float64Array(spectrumBins);
    for (let k = 0; k < spectrumBins; k++) {
      const hertz = (nyquist * k) / (spectrumBins - 1);
      const height = Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre));
      weights[k] = (Math.max(0, height) * 2) / (high - low);
    }
    return sparse(weights);
  });
  return { filters };
}

const SLANEY_BREAK = 1000;
const SLANEY_STEP = Math.log(6.4) / 27;
function slaneyToMel(hertz: number): number {
  return hertz < SLANEY_BREAK ? (3 * hertz) / 200 : 15 + Math.log(hertz / SLANEY_BREAK) / SLANEY_STEP;
}
function slaneyToHertz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : SLANEY_BREAK * Math.exp((mel - 15) * SLANEY_STEP);
}

/**
 * Kaldi's filters: triangles in mel (1127 ln(1 + f / 700)), not normalised, over the bins below the Nyquist frequency.
 * Rounded to float32 where Kaldi and torchaudio round: the slopes are steep, it shows in the fourth digit of a feature.
 * @param low, high Hz; `high` ≤ 0 counts from the Nyquist frequency
 */
export function kaldiFilters(
  bins: number,
  fftLength: number,
  sampleRate: number,
  low: number,
  high: number,
): MelFilters {
  const { fround } = Math;
  const top = high > 0 ? high : sampleRate / 2 + high;
  if (!(low >= 0 && low < top && top <= sampleRate / 2))
    throw new Error(`kaldi features: need 0 <= low < high <= ${sampleRate / 2} Hz, found ${low} and ${top}`);
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);
  const from = fround(mel(low));
  const step = fround((mel(top) - mel(low)) / (bins + 1));
  const point = (i: number) => fround(from + fround(i * step));
  const mels = Float32Array.from({ length: fftLength / 2 }, (_, k) => {
    const ratio = fround(1 + fround(fround((sampleRate / fftLength) * k) / 700));
    return 1127 * fround(Math.log(ratio));
  });
  const filters = Array.from({ length: bins }, (_, bin) => {
    const [left, centre, right] = [point(bin), point(bin + 1), point(bin + 2)];
    const weights = Float64Array.from(mels, (at) => {
      const up = fround(fround(at - left) / fround(centre - left));
      const down = fround(fround(right - at) / fround(right - centre));
      return Math.max(0, Math.min(up, down));
    });
    return sparse(weights);
  });
  return { filters };
}
