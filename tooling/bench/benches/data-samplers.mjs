/**
 * One million clips through duration buckets and concatenation, against lhotse's DynamicBucketingSampler and
 * CutConcatenate: the same durations, 30 buckets, the same budget. Both are timed from their construction on; making
 * lhotse's cuts is not counted. lhotse's transform is meant for batches: it gets groups of 200 clips.
 *
 *   ATTUNE_BENCH_CLIPS  default 1000000
 *   ATTUNE_BENCH_LIMIT  seconds after which the peer may stop, its rate standing for the rest; default 45
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticClips } from '@attune/data';
import { commandOf } from '../lib/peer.mjs';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 1);

export function run() {
  const folder = mkdtempSync(join(tmpdir(), 'attune-bench-'));
  const durations = join(folder, 'durations.u32');
  const clips = Number(process.env.ATTUNE_BENCH_CLIPS ?? 1_000_000);
  const limit = Number(process.env.ATTUNE_BENCH_LIMIT ?? 45);
  writeFileSync(durations, new Uint8Array(syntheticClips(clips, 1).duration.buffer));
  try {
    return [
      ...compare('buckets, 600 s', { task: 'batches', durations, budget: 600, limit }),
      ...compare('concatenation to 30 s, gaps of 0.2 s', {
        task: 'concatenate',
        durations,
        gap: 0.2,
        group: 200,
        limit,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compare(name, argument) {
  const ours = [];
  const theirs = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(measure('ours', 'data-samplers', argument));
    theirs.push(measure('peer', 'data_samplers', argument));
  }
  const missing = theirs.some((each) => each === null);
  if (missing) console.error(`bench data-samplers: lhotse is missing, ${name} has no peer`);
  const of = (list, value) => (list.some((each) => each === null) ? null : median(list.map(value)));
  const both = (better, what, unit, value) =>
    better(`${name}: ${what}`, unit, of(ours, value), of(theirs, value), 'lhotse');
  return [
    ...(argument.task === 'batches'
      ? [both(moreIsBetter, 'batches', '1/s', (each) => each.batches / each.seconds)]
      : []),
    both(moreIsBetter, 'clips', '1/s', (each) => each.clips / each.seconds),
    both(lessIsBetter, 'padding', '%', (each) => each.padding * 100),
  ];
}

function measure(side, name, argument) {
  const [program, args] = commandOf(side, name, argument);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  if (side === 'peer' && /No module named|not found|ENOENT/.test(stderr ?? 'ENOENT')) return null;
  throw new Error(`bench data-samplers: ${name} failed: ${stderr}`);
}
