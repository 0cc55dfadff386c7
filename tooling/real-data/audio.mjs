// A real recording through every part of @attune/data that touches sound, and images through theirs.
//
//   node tooling/real-data/audio.mjs DATA [reference.json]
//
// reference.json comes from tooling/reference/data/audio_real.py; without it the comparison with openai-whisper,
// torchaudio and soxr is left out. Ends with `N passed, N failed`; exit code 1 on a failure.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addNoise,
  changeSpeed,
  changeVolume,
  countPatches,
  decodeAudio,
  decodeWav,
  durationOf,
  ExampleLoader,
  encodeWav,
  GlobalCmvn,
  internTiles,
  kaldiFbank,
  Manifest,
  ManifestWriter,
  planConcatenation,
  readAudio,
  readImage,
  resample,
  reverberate,
  segmentSpeech,
  specAugment,
  timedText,
  toMono,
  utteranceCmvn,
  whisperFeatures,
} from '../../packages/data/dist/index.js';

const [data, referenceFile] = process.argv.slice(2);
if (!data) {
  console.error('usage: node tooling/real-data/audio.mjs DATA [reference.json]');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'attune-real-audio-'));
let passed = 0;
let failed = 0;
async function check(what, test) {
  try {
    const detail = await test();
    passed++;
    console.log(`ok   ${what}${detail ? `: ${detail}` : ''}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${what}\n${error.stack}`);
  }
}
function wanted(condition, message) {
  if (!condition) throw new Error(message);
}
const power = (samples) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
const decibels = (ratio) => 10 * Math.log10(ratio);
/** Power of the difference against that of the second, in decibels. */
const difference = (a, b, edge = 0) => {
  const part = b.subarray(edge, b.length - edge);
  return decibels(power(part.map((x, i) => a[edge + i] - x)) / power(part));
};
const farthest = (a, b) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), a.length === b.length ? 0 : 1e9);
const unpack = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);

const flac = join(data, 'audio/jfk.flac');
const audio = await readAudio(flac, { mono: false });
const rate = 16000;
const mono = toMono(audio);
const speech = resample(mono, audio.sampleRate, rate);

await check('FLAC decodes', () => {
  wanted(durationOf(audio) > 10.9 && durationOf(audio) < 11.1, `${durationOf(audio)} s`);
  return `${audio.channels.length} channels of ${audio.channels[0].length} samples at ${audio.sampleRate} Hz`;
});
await check('WAV gives back every sample', () => {
  const { channels } = decodeWav(encodeWav(audio, 'float32'));
  channels.forEach((back, i) => {
    wanted(farthest(back, audio.channels[i]) === 0, `channel ${i} differs`);
  });
});
await check('FLAC cut in half is named', async () => {
  const bytes = readFileSync(flac);
  const message = await decodeAudio(bytes.subarray(0, bytes.length / 2), 'half.flac').then(
    () => 'was accepted',
    (error) => error.message,
  );
  wanted(message.startsWith('half.flac: is cut off'), message);
  return message;
});
await check('stereo mixes to mono', () => {
  const none = toMono({ sampleRate: rate, channels: [speech, speech.map((x) => -x)] });
  wanted(power(none) === 0 && power(mono) > 0, 'opposite channels must cancel, those of a recording not');
});
await check('resampling up and down again loses nothing', async () => {
  const read = (await readAudio(flac, { sampleRate: rate })).channels[0];
  wanted(farthest(read, speech) === 0, 'readAudio must mix and resample alike');
  // Less the last fifth of the band, where a resampler to this rate fades out.
  const low = resample(resample(speech, rate, 12800), 12800, rate);
  const back = resample(resample(low, rate, 44100), 44100, rate);
  const gap = difference(back, low, 400);
  wanted(gap < -90, `${gap} dB`);
  return `${speech.length} samples at ${rate} Hz; ${gap.toFixed(0)} dB`;
});
for (const bins of [80, 128])
  await check(`Whisper's log-mel, ${bins} bins`, () => {
    const { data: mel, frames } = whisperFeatures(speech, { bins });
    wanted(frames === Math.floor(speech.length / 160) && mel.every(Number.isFinite), `${frames} frames`);
    return `${frames} frames`;
  });
await check("Kaldi's filter banks, normalised over the clip and globally", () => {
  const fbank = kaldiFbank(speech);
  const own = utteranceCmvn(fbank);
  const global = new GlobalCmvn(fbank.bins);
  global.add(fbank);
  wanted(farthest(global.apply(fbank).data, own.data) < 1e-6, 'one clip must be its own corpus');
  wanted(Math.abs(own.data.reduce((a, b) => a + b) / own.data.length) < 1e-4, 'mean must be 0');
  return `${fbank.frames} frames`;
});
await check('SpecAugment', () => {
  const mel = whisperFeatures(speech);
  const masked = specAugment(mel, { seed: 1, timeWarp: 5 });
  const changed = masked.data.filter((x, i) => x !== mel.data[i]).length / mel.data.length;
  wanted(changed > 0.01 && masked.frames === mel.frames, `${changed}`);
  return `${(changed * 100).toFixed(0)}% of the places changed`;
});
await check('speed', () => {
  for (const factor of [0.9, 1.1]) {
    const { length } = changeSpeed(speech, factor);
    wanted(Math.abs(length - speech.length / factor) <= 1, `${length} samples at ${factor}`);
  }
});
await check('volume', () => {
  const change = decibels(power(changeVolume(speech, -6)) / power(speech));
  wanted(Math.abs(change + 6) < 1e-3, `${change} dB`);
});
await check('noise', () => {
  const noisy = addNoise(speech, { signalToNoise: 15, seed: 1 });
  const ratio = decibels(power(speech) / power(noisy.map((x, i) => x - speech[i])));
  wanted(Math.abs(ratio - 15) < 0.01, `${ratio} dB`);
});
await check('reverberation', () => {
  const wet = reverberate(speech, { decay: 0.4, seed: 1 });
  wanted(Math.abs(decibels(power(wet) / power(speech))) < 0.01, 'power must stay');
  wanted(difference(wet, speech) > -20, 'it must be heard');
});
const segments = segmentSpeech(speech, { sampleRate: rate });
await check('speech is found, by energy', () => {
  const total = segments.reduce((sum, { start, end }) => sum + end - start, 0);
  wanted(segments.length >= 3 && total > 5 && total < durationOf(audio), JSON.stringify(segments));
  const outside = speech.filter(
    (_, i) => !segments.some(({ start, end }) => i >= start * rate && i < end * rate),
  );
  const inside = speech.filter((_, i) =>
    segments.some(({ start, end }) => i >= start * rate && i < end * rate),
  );
  wanted(decibels(power(inside) / power(outside)) > 15, 'speech must be louder than pauses');
  return segments.map(({ start, end }) => `${start.toFixed(2)}-${end.toFixed(2)}`).join(', ');
});
await check('segments become clips, a manifest, a plan and merged examples again', async () => {
  const writer = new ManifestWriter(join(folder, 'manifest'), { shards: 1, chunkRows: 8 });
  segments.forEach(({ start, end }, i) => {
    const clip = speech.subarray(Math.round(start * rate), Math.round(end * rate));
    writeFileSync(join(folder, `${i}.wav`), encodeWav({ sampleRate: rate, channels: [clip] }));
    writer.append({
      path: `${i}.wav`,
      duration: clip.length / rate,
      text: `part ${i}`,
      language: 'en',
      region: 'US',
      speaker: 'jfk',
    });
  });
  writer.close();
  const manifest = Manifest.open(join(folder, 'manifest'));
  await manifest.verify();
  const duration = Uint32Array.from({ length: manifest.rows }, (_, row) => manifest.row(row).duration * 1000);
  const plan = planConcatenation({ duration }, { gap: 0.2, maximum: 15 });
  const loader = new ExampleLoader({ manifest, root: folder, sampleRate: rate });
  const { clips, starts, length } = plan.at(0);
  const example = await loader.load({ rows: clips, starts, length });
  wanted(plan.length === 1 && clips.length === segments.length, `${plan.length} examples`);
  const spoken = segments.reduce((sum, { start, end }) => {
    for (let i = Math.round(start * rate); i < Math.round(end * rate); i++) sum += speech[i] ** 2;
    return sum;
  }, 0);
  wanted(
    Math.abs((power(example.samples) * example.samples.length) / spoken - 1) < 1e-4,
    'every clip must be there',
  );
  return timedText(example.segments);
});
const png = join(data, 'image/CLIP.png');
if (existsSync(png))
  await check('an image is decoded, and cut by arithmetic', async () => {
    const { width, height } = await readImage(png);
    const { size, tokens } = countPatches({ width, height });
    const resized = await readImage(png, { size });
    wanted(resized.data.length === size.width * size.height * 3, 'size');
    return `${width} x ${height}, ${tokens} tokens for Qwen2-VL, ${internTiles({ width, height }).tiles.length} tiles for InternVL`;
  });
if (referenceFile) {
  const reference = JSON.parse(readFileSync(referenceFile, 'utf8'));
  const theirs = unpack(reference.samples);
  for (const bins of [80, 128])
    await check(`equal to openai-whisper, ${bins} bins`, () => {
      const most = farthest(whisperFeatures(theirs, { bins }).data, unpack(reference[`whisper${bins}`]));
      wanted(most < 1e-4, `${most}`);
      return most.toExponential(1);
    });
  await check('equal to torchaudio', () => {
    const most = farthest(kaldiFbank(theirs).data, unpack(reference.kaldi80));
    wanted(most < 1e-4, `${most}`);
    return most.toExponential(1);
  });
  await check('resampled as by soxr, the last fifth of the band apart', () => {
    // What the two filters do there differs by design.
    const low = (samples) => resample(resample(samples, rate, 12800), 12800, rate);
    const gap = difference(low(speech), low(theirs), 400);
    wanted(gap < -90, `${gap} dB`);
    return `${gap.toFixed(0)} dB`;
  });
}

rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
