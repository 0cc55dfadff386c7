/**
 * 160 million utterances: a seeded manifest is written once into ATTUNE_BENCH_FOLDER (about 4.5 GB), then opened,
 * planned, walked through and resumed by one rank of 1, 2, 4, 8 and 16, each in a process of its own. The peer is the
 * goal that was set.
 *
 *   ATTUNE_BENCH_UTTERANCES  default 160000000; fewer to try
 *   ATTUNE_BENCH_RANKS       default 1,2,4,8,16; some of them, to keep a run short
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf } from '../lib/peer.mjs';
import { lessIsBetter, moreIsBetter } from '../lib/report.mjs';

export function run() {
  const parent = process.env.ATTUNE_BENCH_FOLDER;
  if (!parent)
    throw new Error('bench data-160m: set ATTUNE_BENCH_FOLDER to a folder with 5 GB of free space');
  const utterances = Number(process.env.ATTUNE_BENCH_UTTERANCES ?? 160_000_000);
  const folder = join(parent, `attune-manifest-${utterances}`);
  const rows = [];
  if (!existsSync(folder)) {
    const written = measure({ task: 'write', folder, utterances });
    console.log(
      `${utterances} utterances, ${written.hours.toFixed(0)} h, ${written.gigabytes.toFixed(2)} GB, hash ${written.hash}`,
    );
    rows.push(goal(moreIsBetter, 'write', 'M utterances/s', utterances / written.seconds / 1e6, null));
  }
  for (const ranks of (process.env.ATTUNE_BENCH_RANKS ?? '1,2,4,8,16').split(',').map(Number)) {
    for (const strategy of ranks === 1 || ranks === 16 ? ['knapsack', 'balanced'] : ['knapsack']) {
      const name = `${ranks} ranks, ${strategy}`;
      const epoch = measure({ task: 'epoch', folder, rank: ranks - 1, ranks, strategy });
      rows.push(
        goal(lessIsBetter, `${name}: open`, 'ms', epoch.open * 1e3, 1000),
        goal(lessIsBetter, `${name}: open, plan, first batch`, 'ms', epoch.ready * 1e3, null),
        goal(
          moreIsBetter,
          `${name}: plan and iterate an epoch`,
          'M utterances/s',
          epoch.clips / epoch.walked / 1e6,
          1,
        ),
        goal(lessIsBetter, `${name}: epoch of ${epoch.steps} batches`, 's', epoch.walked, null),
        goal(lessIsBetter, `${name}: resume in the middle`, 'ms', epoch.resume * 1e3, 100),
        goal(
          lessIsBetter,
          `${name}: peak memory (${epoch.idleMiB.toFixed(0)} before)`,
          'MiB',
          epoch.peakMiB,
          1024,
        ),
        goal(lessIsBetter, `${name}: padding`, '%', epoch.padding * 100, null),
      );
      console.log(
        `${name}: ${epoch.clips} clips in ${epoch.examples} examples, ${epoch.files} shards opened, ` +
          `${epoch.overBudget} batches over budget, state of ${epoch.stateBytes} bytes`,
      );
    }
    if (ranks > 1) {
      const { mean, over } = measure({ task: 'stragglers', folder, ranks, strategy: 'balanced' });
      rows.push(
        goal(lessIsBetter, `${ranks} ranks, balanced: max / mean cost of a step`, 'ratio', mean, 1.05),
        goal(lessIsBetter, `${ranks} ranks, balanced: steps above 1.05`, '%', over * 100, null),
      );
    }
  }
  return rows;
}

/** A row whose peer is a goal; null where none was set. */
function goal(better, name, unit, ours, wanted) {
  return better(name, unit, ours, wanted, wanted === null ? 'none set' : 'goal');
}

function measure(argument) {
  const [program, args] = commandOf('ours', 'data-160m', argument);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`bench data-160m: ${argument.task} failed: ${stderr}`);
  return JSON.parse(stdout);
}
