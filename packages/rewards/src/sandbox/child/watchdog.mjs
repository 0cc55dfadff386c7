/**
 * A thread beside the engine, which cannot be interrupted while it computes: ends the process when its program runs
 * past the deadline, when the process takes too much memory, or when the parent is gone.
 */
import process from 'node:process';
import { workerData } from 'node:worker_threads';

/** @type {{ deadline: Float64Array, maxRss: number, parent: number }} */
const { deadline, maxRss, parent } = workerData;

setInterval(() => {
  const late = deadline[0] !== 0 && Date.now() > /** @type {number} */ (deadline[0]);
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  // Different signals tell the parent the reason.
  if (late) process.kill(process.pid, 'SIGXCPU');
  if (process.memoryUsage.rss() > maxRss) process.kill(process.pid, 'SIGUSR2');
}, 100);
