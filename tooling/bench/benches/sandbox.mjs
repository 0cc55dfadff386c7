/**
 * Jobs a second of the code sandbox against a fresh process for every job, which isolates nothing: CPython for Python
 * (ATTUNE_BENCH_PYTHON), Node.js for JavaScript. The Python jobs are three problems of HumanEval with their tests, as many
 * at a time on either side.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Sandbox, unitTestJob } from '@attune/rewards/sandbox';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
const JOBS = 60;
const python = process.env.ATTUNE_BENCH_PYTHON ?? 'python3';
const problems = readFileSync(
  new URL('../../../packages/rewards/src/fixtures/human-eval.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const pythonJobs = problems.map((problem) => unitTestJob(problem.canonical_solution, problem));
const javascriptJobs = [
  {
    program: 'const close = (xs, t) => xs.some((x, i) => xs.some((y, j) => i !== j && Math.abs(x - y) < t));',
    tests:
      "const assert = require('assert'); assert(close([1, 2, 3.9, 4], 0.3)); assert(!close([1, 2, 3], 0.5));",
  },
];

export async function run() {
  const version = spawnSync(python, ['--version'], { encoding: 'utf8' });
  const peers = {
    python: version.status === 0 ? [python, (source) => ['-I', '-c', source]] : null,
    javascript: [process.execPath, (source) => ['-e', source]],
  };
  const names = {
    python: `${version.stdout?.trim() || 'CPython'}, a process per job`,
    javascript: `Node.js ${process.version}, a process per job`,
  };
  if (!peers.python) console.error(`bench sandbox: the peer of Python is missing: ${python}`);
  const rows = [];
  for (const [language, jobs] of [
    ['python', pythonJobs],
    ['javascript', javascriptJobs],
  ]) {
    const peer = peers[language];
    for (const workers of [1, 2]) {
      const start = performance.now();
      const sandbox = new Sandbox({ language, workers });
      await ours(sandbox, jobs[0]);
      const first = performance.now() - start;
      if (workers === 1) {
        const direct = performance.now();
        if (peer) await theirs(peer, jobs[0]);
        const alone = peer && performance.now() - direct;
        rows.push(lessIsBetter(`${language}: cold start and first job`, 'ms', first, alone, names[language]));
      }
      await sandbox.warmUp();
      const rates = { ours: [], peer: [] };
      for (let round = 0; round < ROUNDS; round++) {
        rates.ours.push(await rate(workers, (i) => ours(sandbox, jobs[i % jobs.length])));
        if (peer) rates.peer.push(await rate(workers, (i) => theirs(peer, jobs[i % jobs.length])));
      }
      sandbox.close();
      const name = `${language}: jobs, ${workers} at a time`;
      rows.push(
        moreIsBetter(name, 'jobs/s', median(rates.ours), peer ? median(rates.peer) : null, names[language]),
      );
    }
  }
  return rows;
}

/** Jobs a second, so many at a time. */
async function rate(width, job) {
  const start = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < JOBS) await job(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (JOBS / (performance.now() - start)) * 1e3;
}

async function ours(sandbox, job) {
  const { status, error } = await sandbox.run(job);
  if (status !== 'ok') throw new Error(`bench sandbox: a job ended with ${status}: ${error}`);
}

function theirs([command, args], { program, tests }) {
  return new Promise((resolve, reject) => {
    spawn(command, args(`${program}\n${tests}`), { stdio: 'ignore' })
      .on('error', reject)
      .on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`bench sandbox: the peer exited with ${code}`)),
      );
  });
}
