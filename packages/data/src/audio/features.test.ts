import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GlobalCmvn, utteranceCmvn } from './cmvn.ts';
import type { Features } from './features.ts';
import { dft } from './fft.ts';
import { kaldiFbank } from './kaldi-features.ts';
import { slaneyFilters } from './mel-filters.ts';
import { resample } from './resample.ts';
import { specAugment } from './spec-augment.ts';
import { whisperFeatures } from './whisper-features.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/audio.json', import.meta.url), 'utf8'));
const unpack = (text: string) => {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
};
const samples = unpack(fixture.features.samples);
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

test.each([80, 128])("%i bins equal openai-whisper's log_mel_spectrogram", (bins) => {
  const features = whisperFeatures(samples, { bins });
  expect(features.frames).toBe(25);
  expect(worst(features.data, unpack(fixture.features[`whisper${bins}`]))).toBeLessThan(1e-4);
});

test("filter banks equal torchaudio's compliance.kaldi.fbank", () => {
  const features = kaldiFbank(samples);
  expect(features.bins).toBe(80);
  expect(worst(features.data, unpack(fixture.features.kaldi80))).toBeLessThan(1e-4);
  const options = { bins: 23, window: 'hamming', low: 64, high: -400, snipEdges: false, scale: 1 } as const;
  expect(worst(kaldiFbank(samples, options).data, unpack(fixture.features.kaldi23))).toBeLessThan(1e-4);
});

test('a frame through the definition of the transform gives the same', () => {
  const t = 7;
  const window = Float64Array.from({ length: 400 }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 400));
  const { real, imaginary } = dft(window.map((w, i) => w * samples[t * 160 - 200 + i]!));
  const { filters } = slaneyFilters(80, 201, 16000);
  const all = whisperFeatures(samples);
  const highest = Math.max(...all.data) * 4 - 4;
  filters.forEach(({ first, weights }, bin) => {
    let energy = 0;
    weights.forEach((weight, k) => {
      energy += weight * (real[first + k]! ** 2 + imaginary[first + k]! ** 2);
    });
    const wanted = (Math.max(Math.log10(Math.max(energy, 1e-10)), highest - 8) + 4) / 4;
    expect(all.data[t * 80 + bin]).toBeCloseTo(wanted, 5);
  });
});

test('resampling agrees with soxr to -90 dB', () => {
  for (const { from, to, input, output } of fixture.resampling) {
    const [ours, theirs] = [resample(unpack(input), from, to), unpack(output)];
    expect(Math.abs(ours.length - theirs.length)).toBeLessThanOrEqual(1);
    let [difference, power] = [0, 0];
    for (let i = 0; i < Math.min(ours.length, theirs.length); i++) {
      difference += (ours[i]! - theirs[i]!) ** 2;
      power += theirs[i]! ** 2;
    }
    expect(10 * Math.log10(difference / power)).toBeLessThan(-90);
  }
});

test('padding and dither', () => {
  const padded = whisperFeatures(samples, { padTo: 480_000 });
  expect(padded.frames).toBe(3000);
  expect(() => whisperFeatures(samples.subarray(0, 200))).toThrow(
    'need more than 200 samples (12.5 ms), found 200',
  );
  expect(() => kaldiFbank(samples.subarray(0, 399))).toThrow('a frame has 400 samples, found 399');
  expect(() => kaldiFbank(samples, { low: 9000 })).toThrow(
    'need 0 <= low < high <= 8000 Hz, found 9000 and 8000',
  );
  const silent = new Float32Array(800);
  expect(Math.max(...kaldiFbank(silent).data)).toBeCloseTo(Math.log(2 ** -23), 5);
  const dithered = kaldiFbank(silent, { dither: 1 });
  expect(Math.min(...dithered.data)).toBeGreaterThan(-10);
  expect(kaldiFbank(silent, { dither: 1 })).toEqual(dithered);
  expect(kaldiFbank(silent, { dither: 1, seed: 1 })).not.toEqual(dithered);
});

test('normalisation: over the clip, and over a corpus on several ranks', () => {
  const features = kaldiFbank(samples);
  const column = ({ data, frames, bins }: Features, bin: number) =>
    Array.from({ length: frames }, (_, t) => data[t * bins + bin]!);
  const own = column(utteranceCmvn(features), 5);
  const mean = own.reduce((a, b) => a + b) / own.length;
  expect(mean).toBeCloseTo(0, 5);
  expect(own.reduce((sum, value) => sum + value ** 2, 0) / own.length).toBeCloseTo(1, 4);
  const raw = column(features, 5);
  const meanOnly = column(utteranceCmvn(features, { variance: false }), 5);
  expect(meanOnly[3]! - meanOnly[2]!).toBeCloseTo(raw[3]! - raw[2]!, 4);

  const [first, second, whole] = [new GlobalCmvn(80), new GlobalCmvn(80), new GlobalCmvn(80)];
  const other = kaldiFbank(samples.map((sample) => sample / 3));
  first.add(features);
  second.add(other);
  for (const each of [features, other]) whole.add(each);
  first.merge(JSON.parse(JSON.stringify(second.state())));
  expect(worst(first.mean, whole.mean)).toBeLessThan(1e-9);
  expect(worst(GlobalCmvn.from(first.state()).standardDeviation, whole.standardDeviation)).toBeLessThan(1e-9);
  expect(() => first.add(kaldiFbank(samples, { bins: 23 }))).toThrow('cmvn: expected 80 bins, found 23');
  expect(() => new GlobalCmvn(80).apply(features)).toThrow('no features were added yet');
});

test('masks cover whole bands and stretches, and nothing else', () => {
  const features = {
    data: Float32Array.from({ length: 200 * 80 }, (_, i) => 1 + (i % 97)),
    frames: 200,
    bins: 80,
  };
  const seen = { bands: 0, stretches: 0 };
  for (let seed = 0; seed < 20; seed++) {
    const { data } = specAugment(features, { seed, value: -1 });
    const masked = (t: number, bin: number) => data[t * 80 + bin] === -1;
    const bands = Array.from({ length: 80 }, (_, bin) =>
      Array.from({ length: 200 }, (_, t) => masked(t, bin)).every(Boolean),
    );
    const stretches = Array.from({ length: 200 }, (_, t) =>
      Array.from({ length: 80 }, (_, bin) => masked(t, bin)).every(Boolean),
    );
    for (let t = 0; t < 200; t++)
      for (let bin = 0; bin < 80; bin++) {
        const wanted = bands[bin] || stretches[t] ? -1 : features.data[t * 80 + bin];
        if (data[t * 80 + bin] !== wanted) throw new Error(`seed ${seed}, frame ${t}, bin ${bin}`);
      }
    seen.bands += bands.filter(Boolean).length;
    seen.stretches += stretches.filter(Boolean).length;
    expect(bands.filter(Boolean).length).toBeLessThanOrEqual(54);
  }
  expect(seen.bands).toBeGreaterThan(100);
  expect(seen.stretches).toBeGreaterThan(200);
  expect(specAugment(features, { seed: 3 })).toEqual(specAugment(features, { seed: 3 }));
  const none = { frequencyMasks: 0, timeMasks: 0 };
  expect(specAugment(features, none).data).toEqual(features.data);
});

test('time warp moves frames and keeps the ends', () => {
  const ramp = { data: Float32Array.from({ length: 100 }, (_, t) => t), frames: 100, bins: 1 };
  const { data } = specAugment(ramp, { frequencyMasks: 0, timeMasks: 0, timeWarp: 20, seed: 2 });
  expect(data[0]).toBe(0);
  expect(data[99]).toBe(99);
  expect(worst(data, ramp.data)).toBeGreaterThan(2);
  for (let t = 1; t < 100; t++) expect(data[t]!).toBeGreaterThan(data[t - 1]!);
});
