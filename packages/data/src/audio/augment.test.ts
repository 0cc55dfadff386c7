import { describe, expect, test } from 'vitest';
import { mix } from '../permutation.ts';
import { addNoise, changeSpeed, changeVolume, convolve, reverberate, roomImpulse } from './augment.ts';
import { segmentSpeech } from './segment-speech.ts';

const noise = (length: number, seed = 1, amplitude = 1) =>
  Float32Array.from({ length }, (_, i) => (mix(seed, i) / 2 ** 31 - 1) * amplitude);
const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
const sine = (hertz: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / 16000));

describe('augmentation', () => {
  test('speed changes length and pitch together', () => {
    const fast = changeSpeed(sine(400, 16000), 1.25);
    expect(fast.length).toBe(12800);
    const wanted = sine(500, 12800);
    for (let i = 500; i < 12000; i += 97) expect(fast[i]).toBeCloseTo(wanted[i]!, 3);
    expect(changeSpeed(sine(400, 16000), 0.9).length).toBe(17778);
    expect(() => changeSpeed(sine(400, 100), 0)).toThrow('speed: factor must be in [0.1, 10], found 0');
  });

  test('volume and noise by decibels', () => {
    const clean = sine(300, 16000);
    expect(10 * Math.log10(power(changeVolume(clean, -6)) / power(clean))).toBeCloseTo(-6, 4);
    for (const recording of [undefined, noise(1000, 4)]) {
      const noisy = addNoise(clean, {
        signalToNoise: 10,
        seed: 3,
        ...(recording ? { noise: recording } : {}),
      });
      const added = noisy.map((x, i) => x - clean[i]!);
      expect(10 * Math.log10(power(clean) / power(added))).toBeCloseTo(10, 2);
    }
    expect(addNoise(clean, { signalToNoise: 10, seed: 1 })).toEqual(
      addNoise(clean, { signalToNoise: 10, seed: 1 }),
    );
    expect(Math.max(...addNoise(new Float32Array(100), { signalToNoise: 0 }))).toBe(0);
    expect(() => addNoise(clean, { signalToNoise: 0, noise: new Float32Array() })).toThrow('has no length');
  });

  test.each([
    [1000, 37],
    [37, 1000],
    [5000, 300],
  ])('convolution of %i with %i samples is the sum of products', (a, b) => {
    const [x, h] = [noise(a, 1), noise(b, 2)];
    const fast = convolve(x, h);
    expect(fast.length).toBe(a + b - 1);
    for (let n = 0; n < fast.length; n += 41) {
      let sum = 0;
      for (let k = Math.max(0, n - a + 1); k <= Math.min(n, b - 1); k++) sum += h[k]! * x[n - k]!;
      expect(fast[n]).toBeCloseTo(sum, 3);
    }
  });

  test('a room keeps length and power, and rings on', () => {
    const burst = new Float32Array(16000);
    burst.set(noise(800, 3), 4000);
    const wet = reverberate(burst, { decay: 0.5, seed: 1 });
    expect(wet.length).toBe(16000);
    expect(power(wet)).toBeCloseTo(power(burst), 4);
    expect(power(wet.subarray(5000, 7000))).toBeGreaterThan(1e-4);
    expect(power(wet.subarray(0, 3900))).toBeLessThan(1e-10);
    const impulse = roomImpulse({ decay: 0.5 });
    const level = (from: number) => 10 * Math.log10(power(impulse.subarray(from, from + 400)));
    expect(level(400) - level(4400)).toBeCloseTo(30, -1);
    expect(() => roomImpulse({ decay: 0 })).toThrow('decay must be > 0 s, found 0');
  });
});

describe('segments of speech', () => {
  const room = noise(16000 * 6, 9, 0.003);
  const recording = (...bursts: [from: number, to: number][]) => {
    const samples = room.slice();
    for (const [from, to] of bursts)
      for (let i = from * 16000; i < to * 16000; i++)
        samples[i]! += 0.3 * Math.sin(i / 7) * Math.sin(i / 900);
    return samples;
  };

  test('are found with their times', () => {
    const found = segmentSpeech(recording([1, 2.2], [3.5, 5]));
    expect(found.length).toBe(2);
    [
      [1, 2.2],
      [3.5, 5],
    ].forEach(([start, end], i) => {
      expect(Math.abs(found[i]!.start - (start! - 0.1))).toBeLessThan(0.06);
      expect(Math.abs(found[i]!.end - (end! + 0.1))).toBeLessThan(0.06);
    });
  });

  test('short pauses do not split, clicks are no speech, margins do not overlap', () => {
    expect(segmentSpeech(recording([1, 2], [2.15, 3])).length).toBe(1);
    expect(segmentSpeech(recording([1, 1.02], [3, 4])).length).toBe(1);
    const close = segmentSpeech(recording([1, 2], [2.4, 3]), { margin: 0.5 });
    expect(close[0]!.end).toBe(close[1]!.start);
  });

  test('long stretches are cut at their quietest', () => {
    const samples = recording([0.2, 5.8]);
    for (let i = 2.6 * 16000; i < 2.8 * 16000; i++) samples[i] = samples[i]! / 20;
    const found = segmentSpeech(samples, { longest: 3 });
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found[0]!.end).toBeGreaterThan(2.59);
    expect(found[0]!.end).toBeLessThan(2.81);
    for (const { start, end } of found) expect(end - start).toBeLessThanOrEqual(3);
  });

  test('silence, and nothing, hold none', () => {
    expect(segmentSpeech(new Float32Array(16000))).toEqual([]);
    expect(segmentSpeech(new Float32Array(0))).toEqual([]);
  });
});
