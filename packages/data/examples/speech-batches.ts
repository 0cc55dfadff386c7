/**
 * From recordings to batches for several ranks: a manifest is written, short clips are merged by plan, and every rank
 * gets batches of the same shape. Run: npx tsx packages/data/examples/speech-batches.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ExampleLoader,
  encodeWav,
  Manifest,
  ManifestWriter,
  ShardedSampler,
  timedText,
  whisperFeatures,
} from '@attune/data';

const folder = mkdtempSync(join(tmpdir(), 'attune-example-'));
const sampleRate = 16000;
const writer = new ManifestWriter(join(folder, 'train.manifest'), { shards: 2, chunkRows: 16 });
for (let i = 0; i < 400; i++) {
  // A tone for a voice.
  const duration = 1 + ((i * 37) % 80) / 10;
  const tone = Float32Array.from(
    { length: duration * sampleRate },
    (_, t) => 0.1 * Math.sin(t / (5 + (i % 9))),
  );
  writeFileSync(join(folder, `${i}.wav`), encodeWav({ sampleRate, channels: [tone] }));
  writer.append({
    path: `${i}.wav`,
    duration,
    text: `tone ${i % 9}`,
    language: 'en',
    region: 'US',
    speaker: 'synth',
  });
}
writer.close();

const manifest = Manifest.open(join(folder, 'train.manifest'));
for (const rank of [0, 1]) {
  const sampler = new ShardedSampler({ manifest, rank, ranks: 2, budget: 120, concatenation: { gap: 0.2 } });
  const loader = new ExampleLoader({ manifest, root: folder });
  const [first] = sampler.next();
  const { samples, segments } = await loader.load(first!);
  const { frames, bins } = whisperFeatures(samples);
  console.log(`rank ${rank}: ${sampler.stepsPerEpoch} steps an epoch, first example ${frames} x ${bins}`);
  console.log(`  ${timedText(segments)}`);
  console.log(`  state ${JSON.stringify(sampler.state()).length} bytes`);
}
rmSync(folder, { recursive: true });
