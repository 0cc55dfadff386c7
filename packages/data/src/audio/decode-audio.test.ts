import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeAudio, detectAudioFormat, readAudio } from './decode-audio.ts';
import { decodeWav, encodeWav } from './wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-audio-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url)));
/** A quarter of a second at 16 kHz: 440 Hz on the left, 880 Hz at half the amplitude on the right. */
const left = (i: number) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 16000);

/** Amplitude of a frequency in the middle of a signal, and how much of its power that is. */
function tone(samples: Float32Array, hertz: number, sampleRate: number) {
  const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4);
  let [re, im, total] = [0, 0, 0];
  middle.forEach((x, i) => {
    // A Hann window keeps the other frequencies out.
    const w = 1 - Math.cos((2 * Math.PI * i) / middle.length);
    re += w * x * Math.cos((2 * Math.PI * hertz * i) / sampleRate);
    im += w * x * Math.sin((2 * Math.PI * hertz * i) / sampleRate);
    total += x * x;
  });
  const amplitude = (2 * Math.hypot(re, im)) / middle.length;
  return { amplitude, share: ((amplitude ** 2 / 2) * middle.length) / total };
}

test.each([
  ['tone.flac', 'flac', 16000],
  ['tone.mp3', 'mp3', 16000],
  ['tone.ogg', 'vorbis', 16000],
  ['tone.opus', 'opus', 48000],
  ['tone.m4a', 'm4a', 16000],
])('%s', async (name, format, sampleRate) => {
  const bytes = fixture(name);
  expect(detectAudioFormat(bytes)).toBe(format);
  const audio = await decodeAudio(bytes, name);
  expect(audio.sampleRate).toBe(sampleRate);
  expect(audio.channels.length).toBe(2);
  const seconds = audio.channels[0]!.length / sampleRate;
  expect(seconds).toBeGreaterThan(0.249);
  expect(seconds).toBeLessThan(0.4);
  [
    [440, 0.5],
    [880, 0.25],
  ].forEach(([hertz, amplitude], channel) => {
    const found = tone(audio.channels[channel]!, hertz!, sampleRate);
    expect(Math.abs(found.amplitude / amplitude! - 1)).toBeLessThan(0.05);
    expect(found.share).toBeGreaterThan(0.95);
  });
});

test('FLAC is lossless to the sample', async () => {
  const { channels } = await decodeAudio(fixture('tone.flac'));
  expect(channels[0]!.length).toBe(4000);
  for (let i = 0; i < 4000; i++) expect(Math.abs(channels[0]![i]! - left(i))).toBeLessThan(1.6 / 32768);
});

describe('WAV', () => {
  const audio = {
    sampleRate: 8000,
    channels: [Float32Array.of(0, 0.5, -1, 0.25), Float32Array.of(1, -0.5, 0.125, 0)],
  };

  test('floats come back as they are, 16 bits rounded and clipped', () => {
    expect(decodeWav(encodeWav(audio, 'float32'))).toEqual(audio);
    const { channels } = decodeWav(encodeWav(audio));
    expect([...channels[0]!]).toEqual([0, 0.5, -1, 0.25]);
    expect(channels[1]![0]).toBe(32767 / 32768);
  });

  test.each([
    [8, (v: DataView, at: number, x: number) => v.setUint8(at, x * 128 + 128)],
    [
      24,
      (v: DataView, at: number, x: number) => {
        v.setUint16(at, (x * 8388608) & 0xffff, true);
        v.setInt8(at + 2, (x * 8388608) >> 16);
      },
    ],
    [32, (v: DataView, at: number, x: number) => v.setInt32(at, x * 2 ** 31, true)],
  ])('PCM of %i bits in the extensible form, odd chunks before the samples', (bits, put) => {
    const values = [0, 0.5, -0.75, -1];
    const width = bits / 8;
    const bytes = new Uint8Array(12 + 8 + 40 + 8 + 4 + 8 + values.length * width);
    const view = new DataView(bytes.buffer);
    const tag = (at: number, text: string) => bytes.set(Buffer.from(text), at);
    tag(0, 'RIFF....WAVEfmt ');
    view.setUint32(16, 40, true);
    view.setUint16(20, 0xfffe, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, 16000, true);
    view.setUint16(34, bits, true);
    view.setUint16(44, 1, true);
    tag(60, 'LIST');
    view.setUint32(64, 3, true);
    tag(72, 'data');
    view.setUint32(76, values.length * width, true);
    values.forEach((value, i) => {
      put(view, 80 + i * width, value);
    });
    const { channels, sampleRate } = decodeWav(bytes);
    expect(sampleRate).toBe(16000);
    expect([...channels[0]!]).toEqual(values);
  });
});

describe('bad input', () => {
  const wav = encodeWav({ sampleRate: 8000, channels: [new Float32Array(100)] });
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  test('files that are missing, empty, of no known kind', async () => {
    await expect(readAudio(join(folder, 'none.wav'))).rejects.toThrow(/none\.wav: is missing$/);
    await expect(readAudio(write('empty.wav', new Uint8Array()))).rejects.toThrow(/empty\.wav: is empty$/);
    await expect(readAudio(write('text.wav', Buffer.from('hello there')))).rejects.toThrow(
      /text\.wav: expected WAV, FLAC, MP3, Ogg Vorbis, Opus or M4A, found none of their first bytes$/,
    );
  });

  test('WAV that is cut off, has no length, or is of another encoding', () => {
    expect(() => decodeWav(wav.subarray(0, 100), 'a.wav')).toThrow(
      'a.wav: is cut off: expected 200 bytes of samples, found 56',
    );
    expect(() => decodeWav(wav.subarray(0, 30), 'a.wav')).toThrow(
      'a.wav: holds no samples; it may be cut off',
    );
    const none = encodeWav({ sampleRate: 8000, channels: [new Float32Array(0)] });
    expect(() => decodeWav(none, 'a.wav')).toThrow('a.wav: has no length');
    const law = wav.slice();
    law[20] = 7;
    expect(() => decodeWav(law, 'a.wav')).toThrow('found encoding 7 of 16 bits');
    expect(() => decodeWav(Buffer.from('not a wav file'), 'a.wav')).toThrow(
      "a.wav: expected a WAV file, found 'not '",
    );
  });

  test.each([0.3, 0.7, 0.98])('FLAC cut off at %f names what is lost', async (share) => {
    const whole = fixture('tone.flac');
    const path = write('cut.flac', whole.subarray(0, Math.floor(whole.length * share)));
    await expect(readAudio(path)).rejects.toThrow(
      /cut\.flac: is cut off or damaged: expected 4000 samples, found \d+ \(\d\.\d\d s\)$/,
    );
  });

  test('compressed files of which hardly the header is left', async () => {
    for (const name of ['tone.flac', 'tone.ogg', 'tone.opus', 'tone.m4a', 'tone.mp3'])
      await expect(decodeAudio(fixture(name).subarray(0, 60), name)).rejects.toThrow(
        new RegExp(`^${name}: (is|has) `),
      );
  });
});

test('reading mixes to mono and resamples', async () => {
  const path = join(folder, 'tone.flac');
  writeFileSync(path, fixture('tone.flac'));
  const { channels, sampleRate } = await readAudio(path, { sampleRate: 8000 });
  expect(sampleRate).toBe(8000);
  expect(channels.length).toBe(1);
  expect(channels[0]!.length).toBe(2000);
  expect(tone(channels[0]!, 440, 8000).amplitude).toBeCloseTo(0.25, 2);
  expect((await readAudio(path, { mono: false })).channels.length).toBe(2);
});
