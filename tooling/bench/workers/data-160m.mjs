/** One process of the benchmark `data-160m`, so that its peak of memory is its own: says what it measured and ends. */
import { Manifest, ManifestWriter, ShardedSampler, syntheticClips } from '@attune/data';

const { task, folder, utterances, rank, ranks, strategy } = JSON.parse(process.argv[2]);
const MILLION = 1 << 20;
const COLUMNS = [
  { name: 'id', type: 'uint32' },
  { name: 'pathOffset', type: 'float64' },
  { name: 'duration', type: 'uint32' },
  { name: 'language', type: 'uint16' },
  { name: 'region', type: 'uint16' },
  { name: 'textOffset', type: 'float64' },
];
const seconds = (start) => (performance.now() - start) / 1000;

/** Writes the manifest: clips of a seeded generator, with places in files of paths and texts that ascend. */
function write() {
  const writer = new ManifestWriter(folder, { shards: 64, columns: COLUMNS });
  const start = performance.now();
  let [pathOffset, textOffset] = [0, 0];
  for (let done = 0; done < utterances; done += MILLION) {
    const count = Math.min(MILLION, utterances - done);
    const clips = syntheticClips(count, done / MILLION);
    const columns = {
      ...clips,
      id: new Uint32Array(count),
      pathOffset: new Float64Array(count),
      textOffset: new Float64Array(count),
    };
    for (let i = 0; i < count; i++) {
      columns.id[i] = done + i;
      columns.pathOffset[i] = pathOffset;
      columns.textOffset[i] = textOffset;
      pathOffset += 64;
      textOffset += 8 + (clips.duration[i] >>> 6);
    }
    writer.appendColumns(count, columns);
  }
  const { hash, seconds: audio, shards } = writer.close();
  return {
    seconds: seconds(start),
    hash,
    hours: audio / 3600,
    gigabytes: shards.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9,
  };
}

const options = () => ({
  manifest: folder,
  rank,
  ranks,
  seed: 1,
  budget: 1200,
  quadratic: 30,
  concatenation: { strategy },
});

/** What a process holds before it opens anything. */
const idleMiB = process.memoryUsage.rss() / 2 ** 20;

/** Opening, planning and iterating a whole epoch of this rank; then continuing from its middle. */
function epoch() {
  let start = performance.now();
  const manifest = Manifest.open(folder);
  const open = seconds(start);
  const sampler = new ShardedSampler({ ...options(), manifest });
  const first = sampler.next();
  const ready = seconds(start);
  sampler.setEpoch(0);
  const middle = Math.floor(sampler.stepsPerEpoch / 2);

  start = performance.now();
  let [clips, examples, steps, audio, padded] = [0, 0, 0, 0, 0];
  let state;
  let expected;
  for (const batch of sampler) {
    if (steps === middle) expected = batch;
    let longest = 0;
    for (const { rows, length } of batch) {
      clips += rows.length;
      audio += length;
      if (length > longest) longest = length;
    }
    padded += longest * batch.length;
    examples += batch.length;
    if (++steps === middle) state = JSON.stringify(sampler.state());
  }
  const walked = seconds(start);
  const peakMiB = process.resourceUsage().maxRSS / 1024;

  start = performance.now();
  const resumed = new ShardedSampler(options());
  resumed.restore(JSON.parse(state));
  const batch = resumed.next();
  const resume = seconds(start);
  if (JSON.stringify(batch) !== JSON.stringify(expected)) throw new Error('resumed with another batch');
  return {
    open,
    ready,
    walked,
    clips,
    examples,
    steps,
    hours: audio / 3.6e6,
    padding: 1 - audio / padded,
    idleMiB,
    peakMiB,
    resume,
    stateBytes: state.length,
    firstBatch: first.length,
    overBudget: sampler.overBudget,
    files: manifest.openFiles.filter((file) => file.startsWith('shard')).length,
  };
}

/** The most and the mean cost of every step over all ranks, without holding more than one step of each. */
function stragglers() {
  const samplers = Array.from(
    { length: ranks },
    (_, each) => new ShardedSampler({ ...options(), rank: each, manifest: Manifest.open(folder) }),
  );
  // A stretch at the start, in the middle and at the end of the epoch.
  const steps = samplers[0].stepsPerEpoch;
  const state = samplers[0].state();
  const stretch = Math.min(1500, steps);
  const cost = (batch) => {
    const longest = batch.reduce((most, { length }) => Math.max(most, length), 0) / 1000;
    return batch.length * (longest + longest ** 2 / 30);
  };
  let [sum, sumOfMost, over, compared] = [0, 0, 0, 0];
  for (const from of [0, Math.floor(steps / 2), steps - stretch]) {
    for (const sampler of samplers) sampler.restore({ ...state, position: from * ranks });
    for (let i = 0; i < stretch; i++) {
      const costs = samplers.map((sampler) => cost(sampler.next()));
      const mean = costs.reduce((a, b) => a + b) / ranks;
      const most = Math.max(...costs);
      sum += mean;
      sumOfMost += most;
      if (most / mean > 1.05) over++;
      compared++;
    }
  }
  return { mean: sumOfMost / sum, over: over / compared, compared };
}

const tasks = { write, epoch, stragglers };
process.stdout.write(`${JSON.stringify(tasks[task]())}\n`);
