/** Worker processes, ours and the peer's, that speak one protocol: see `worker.mjs` and `peers/worker.py`. */
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const python = process.env.ATTUNE_BENCH_PYTHON ?? 'python3';

/** PyTorch's version, or null where it is missing. */
export function torchVersion() {
  const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

/** The command line of `workers/<name>.mjs` or `peers/<name>.py`, as [program, arguments]. */
export function commandOf(side, name, argument) {
  return side === 'ours'
    ? [process.execPath, [join(root, 'workers', `${name}.mjs`), JSON.stringify(argument)]]
    : [python, [join(root, 'peers', `${name}.py`), JSON.stringify(argument)]];
}

/** Starts `workers/<name>.mjs`. @param {string} name @param {object} argument */
export const startOurs = (name, argument) => startWorker(...commandOf('ours', name, argument), {});

/** Starts `peers/<name>.py`. @param {string} name @param {object} argument @param {Record<string, string>} env */
export const startPeer = (name, argument, env = {}) => startWorker(...commandOf('peer', name, argument), env);

/**
 * A running worker. `ready` holds what it said after its warm-up; `step()` runs one step; `end()` ends it and returns
 * its last words.
 */
async function startWorker(command, args, env) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ${args[0]} ended without an answer`);
    return JSON.parse(value);
  };
  const ask = (word) => {
    child.stdin.write(`${word}\n`);
    return answer();
  };
  const ready = await answer();
  return { ready, step: () => ask('step'), end: () => ask('end') };
}

/**
 * Lets workers take turns.
 * @param {Record<string, { step(): Promise<Record<string, number>> }>} workers
 * @param {string} measure which of the numbers of a step to keep
 * @returns {Promise<Record<string, number[]>>} that number of each step, by worker
 */
export async function takeTurns(workers, rounds, measure = 'ms') {
  const results = Object.fromEntries(Object.keys(workers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, worker] of Object.entries(workers)) {
      results[name].push((await worker.step())[measure]);
      // Threads that still spin for more work would disturb the next one.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  return results;
}
