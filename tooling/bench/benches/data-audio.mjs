/**
 * What concatenation gives: an epoch of training on generated speech (mostly 1 to 10 s, 4.7 s on average) with batches
 * of a fixed number of clips in random order, the same sorted by length, duration buckets, and clips concatenated to
 * 30 s or evenly over 0 to 30 s. Decoding, log-mel, padding and a training step of a small encoder; every way is a
 * process of its own, and its second epoch is timed. The peer of each is plain batching.
 *
 *   ATTUNE_BENCH_CLIPS    default 256
 *   ATTUNE_BENCH_THREADS  default 2
 */
import { spawnSync } from 'node:child_process';
import { commandOf } from '../lib/peer.mjs';
import { lessIsBetter, moreIsBetter } from '../lib/report.mjs';

const clips = Number(process.env.ATTUNE_BENCH_CLIPS ?? 256);
const settings = {
  clips,
  batchSize: 32,
  budget: 300,
  threads: Number(process.env.ATTUNE_BENCH_THREADS ?? 2),
  encoder: { bins: 80, d: 384, layers: 4, heads: 6 },
};

export function run() {
  const rows = [];
  let plain;
  for (const way of ['plain', 'sorted', 'buckets', 'knapsack', 'balanced']) {
    const result = measure({ way, ...settings });
    plain ??= result;
    console.log(
      `${way}: ${result.batches} batches, ${(result.hours * 60).toFixed(1)} min of speech, features ${result.features.toFixed(2)} s, ` +
        `loss ${result.firstLoss.toFixed(3)} to ${result.loss.toFixed(3)}`,
    );
    const peer = 'plain batches';
    rows.push(
      lessIsBetter(`${way}: epoch`, 's', result.seconds, plain.seconds, peer),
      moreIsBetter(`${way}: clips`, '1/s', clips / result.seconds, clips / plain.seconds, peer),
      lessIsBetter(`${way}: padding`, '%', result.padding * 100, plain.padding * 100, peer),
    );
  }
  return rows;
}

function measure(argument) {
  const [program, args] = commandOf('ours', 'data-audio', argument);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`bench data-audio: ${argument.way} failed: ${stderr}`);
  return JSON.parse(stdout);
}
