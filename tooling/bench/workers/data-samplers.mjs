/** Duration buckets and concatenation over clips of given durations; `peers/data_samplers.py` is lhotse's. */
import { readFileSync } from 'node:fs';
import { DurationBucketSampler, planConcatenation } from '@attune/data';

const c = JSON.parse(process.argv[2]);
const bytes = readFileSync(c.durations);
const duration = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const durations = Float64Array.from(duration, (ms) => ms / 1000);

function batches() {
  const start = performance.now();
  const sampler = new DurationBucketSampler({
    durations,
    budget: c.budget,
    buckets: 30,
    ...(c.quadratic ? { quadratic: c.quadratic } : {}),
  });
  let [count, clips, real, padded] = [0, 0, 0, 0];
  for (const batch of sampler) {
    let longest = 0;
    for (const i of batch) {
      real += durations[i];
      if (durations[i] > longest) longest = durations[i];
    }
    padded += longest * batch.length;
    count++;
    clips += batch.length;
  }
  return { seconds: (performance.now() - start) / 1000, batches: count, clips, padding: 1 - real / padded };
}

function concatenate() {
  const start = performance.now();
  const plan = planConcatenation({ duration }, { gap: c.gap });
  const seconds = (performance.now() - start) / 1000;
  const { hours, examples, clips } = plan.summary();
  return { seconds, clips, examples, padding: 1 - (hours * 3600) / (30 * examples) };
}

process.stdout.write(`${JSON.stringify({ batches, concatenate }[c.task]())}\n`);
