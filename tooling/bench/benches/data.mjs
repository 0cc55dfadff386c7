/**
 * Reading and walking through text data against `datasets` (PyPI), and Parquet also against hyparquet, parquet-wasm and
 * DuckDB (npm; found beside this file, or in the folder ATTUNE_BENCH_NODE_PEERS). Rows are generated: an id, a score and
 * two texts, ATTUNE_BENCH_ROWS of them (default 60,000: 43 MB; 1,400,000: 1 GB). ATTUNE_BENCH_TASKS names the tasks to run, all
 * by default. Both sides must come to the same sums.
 */
import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStream, writeDataset } from '../../../packages/data/dist/index.js';
import { startOurs, startPeer, takeTurns } from '../lib/peer.mjs';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';

const ROWS = Number(process.env.ATTUNE_BENCH_ROWS ?? 60_000);
const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);

/** Case, task, how it is counted, and peers: `datasets` in Python, others in Node. */
const CASES = [
  ['JSON Lines, rows as objects', 'jsonl', 'rows', ['datasets']],
  ['JSON Lines to an Arrow file', 'cache', 'rows', ['datasets']],
  [
    'Parquet, snappy, rows as objects',
    'parquet',
    'rows',
    ['datasets', 'hyparquet', 'parquet-wasm', 'duckdb'],
  ],
  ['Parquet, zstd, rows as objects', 'zstd', 'rows', ['datasets', 'hyparquet', 'parquet-wasm', 'duckdb']],
  ['map and filter of a stream', 'map', 'rows', ['datasets']],
  ['rows of an Arrow file in random order', 'shuffle', 'rows', ['datasets']],
  ['resume two thirds into a stream', 'resume', 'ms', ['datasets']],
  ['resume two thirds into a shuffled stream', 'resume-shuffled', 'ms', ['datasets']],
];

const tasks = process.env.ATTUNE_BENCH_TASKS?.split(',');
const wanted = (task) => tasks?.includes(task) ?? true;

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'attune-bench-data-'));
  try {
    await prepare(folder);
    const rows = [];
    for (const [name, task, unit, peers] of CASES.filter(([, each]) => wanted(each)))
      rows.push(...(await compare(name, task, unit, peers, folder)));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(folder) {
  const random = generator(1);
  const words = Array.from({ length: 5000 }, () =>
    Array.from({ length: 2 + Math.floor(random() * 8) }, () =>
      String.fromCharCode(97 + Math.floor(random() * 26)),
    ).join(''),
  );
  const text = (least, most) =>
    Array.from(
      { length: least + Math.floor(random() * (most - least)) },
      () => words[Math.floor(random() * 5000)],
    ).join(' ');
  const path = join(folder, 'rows.jsonl');
  for (let id = 0; id < ROWS; ) {
    let lines = '';
    for (const end = Math.min(ROWS, id + 5000); id < end; id++)
      lines += `${JSON.stringify({ id, score: random(), question: text(5, 60), answer: text(5, 120) })}\n`;
    appendFileSync(path, lines);
  }
  if (!wanted('parquet') && !wanted('zstd')) return;
  await writeDataset(openStream(path), join(folder, 'rows.parquet'));
  try {
    // Nothing here writes Zstandard on every Node.
    await (await startPeer('data', { task: 'prepare', folder })).end();
  } catch {
    console.error('bench data: datasets is missing, and with it the file packed with Zstandard');
  }
}

async function compare(name, task, unit, peers, folder) {
  if (task === 'zstd' && !statSync(join(folder, 'rows-zstd.parquet'), { throwIfNoEntry: false })) return [];
  const argument = { task, folder, rows: ROWS };
  const workers = { ours: await startOurs('data', argument) };
  for (const peer of peers) {
    try {
      workers[peer] =
        peer === 'datasets'
          ? await startPeer('data', argument)
          : await startOurs('data-parquet', { ...argument, peer });
    } catch {
      console.error(`bench data: ${peer} is missing`);
    }
  }
  const times = await takeTurns(workers, ROUNDS);
  const { sum, count } = workers.ours.ready.warmUp.at(-1);
  const memory = {};
  for (const [peer, worker] of Object.entries(workers)) {
    const theirs = worker.ready.warmUp.at(-1);
    // Orders differ where they are random; the number of rows does not.
    const equal =
      task === 'shuffle' || task === 'resume-shuffled' ? theirs.count === count : theirs.sum === sum;
    if (!equal)
      throw new Error(
        `bench data: ${task} gives ${JSON.stringify({ sum, count })}, ${peer} ${JSON.stringify(theirs)}`,
      );
    memory[peer] = (await worker.end()).peakMiB;
  }
  const ours = median(times.ours);
  const rows = peers.map((peer) => {
    const theirs = times[peer] ? median(times[peer]) : null;
    return unit === 'ms'
      ? lessIsBetter(name, 'ms', ours, theirs, peer)
      : moreIsBetter(name, '1,000 rows/s', count / ours, theirs && count / theirs, peer);
  });
  if (task === 'jsonl' || task === 'cache')
    for (const peer of peers)
      rows.push(lessIsBetter(`${name}, peak memory`, 'MiB', memory.ours, memory[peer] ?? null, peer));
  return rows;
}

/** Numbers in [0, 1) that are the same each time. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
