/**
 * Two epochs over generated speech with one way of making batches: decode, log-mel, pad, train. The second epoch is
 * timed: by then every shape is compiled.
 */
import { useBackend } from '@attune/backend-onnx';
import {
  DurationBucketSampler,
  decodeWav,
  encodeWav,
  LengthGroupedSampler,
  planConcatenation,
  RandomSampler,
  syntheticClips,
  whisperFeatures,
} from '@attune/data';
import { synthesizeSpeech } from '../lib/speech.mjs';
import { createSpeechEncoder } from '../lib/speech-encoder.mjs';

const { way, clips, batchSize, budget, threads, encoder: sizes } = JSON.parse(process.argv[2]);
const RATE = 16000;
/** Frames of 10 ms; lengths are rounded up to 1 s, so that there are few shapes to compile. */
const STEP = 100;

const { duration } = syntheticClips(clips, 11);
const files = Array.from(duration, (ms, i) =>
  encodeWav({ sampleRate: RATE, channels: [synthesizeSpeech(i, ms / 1000, RATE)] }),
);

/** Each epoch as batches of lists of clips. */
const ways = {
  plain: () => singles(new RandomSampler({ length: clips, batchSize, seed: 1 })),
  sorted: () => singles(new LengthGroupedSampler({ lengths: duration, batchSize, seed: 1 })),
  buckets: () =>
    singles(new DurationBucketSampler({ durations: seconds(duration), budget, buckets: 8, seed: 1 })),
  knapsack: () => merged('knapsack'),
  balanced: () => merged('balanced'),
};
const seconds = (milliseconds) => Array.from(milliseconds, (ms) => ms / 1000);
const singles = (sampler) => [...sampler].map((batch) => batch.map((clip) => [clip]));
function merged(strategy) {
  const plan = planConcatenation({ duration }, { strategy }, { seed: 1 });
  const sampler = new DurationBucketSampler({
    durations: seconds(plan.lengths),
    budget,
    buckets: 6,
    seed: 1,
  });
  return [...sampler].map((batch) => batch.map((example) => plan.at(example).clips));
}

await useBackend('onnx', { quiet: true, threads });
const encoder = createSpeechEncoder(sizes);
const batches = ways[way]();

function epoch() {
  const start = performance.now();
  let [real, padded, features, loss] = [0, 0, 0, 0];
  for (const batch of batches) {
    const begun = performance.now();
    const examples = batch.map((parts) => {
      const sounds = parts.map((clip) => decodeWav(files[clip]).channels[0]);
      const samples = new Float32Array(sounds.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const sound of sounds) {
        samples.set(sound, at);
        at += sound.length;
      }
      return whisperFeatures(samples, { bins: sizes.bins });
    });
    features += performance.now() - begun;
    const longest = Math.max(...examples.map(({ frames }) => frames));
    const frames = Math.ceil(longest / STEP) * STEP;
    real += examples.reduce((sum, each) => sum + each.frames, 0);
    padded += frames * examples.length;
    loss += encoder.step(examples, frames);
  }
  return {
    seconds: (performance.now() - start) / 1000,
    features: features / 1000,
    padding: 1 - real / padded,
    batches: batches.length,
    hours: real / 360_000,
    loss: loss / batches.length,
  };
}

const first = epoch();
process.stdout.write(`${JSON.stringify({ ...epoch(), firstLoss: first.loss })}\n`);
process.exit(0);
