/**
 * The program of a sandbox process. The parent sends `{ boot }` once, then jobs one at a time; each is answered.
 * Everything that a job may need is loaded before the first one.
 */
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { closeDoors, closeProcess } from './harden.mjs';

/** @typedef {{ language: 'python' | 'javascript', engine: string[], memoryBytes: number, outputBytes: number, fileBytes: number, snapshot?: Uint8Array, makeSnapshot?: boolean }} Boot */
/** @typedef {{ program: string, tests?: string, stdin: string, timeoutMs: number }} Job */
/** `stale`: the process is of no more use. */
/** @typedef {{ status: 'ok' | 'error' | 'timeout' | 'memory' | 'output' | 'crash', phase?: 'program' | 'tests', error?: string, stdout: string, stderr: string, stale?: boolean }} Answer */

const send = /** @type {(message: object) => void} */ (process.send?.bind(process));
const reallyExit = process.exit.bind(process);
const deadline = new Float64Array(new SharedArrayBuffer(8));

process.once('disconnect', () => reallyExit(0));
process.once('message', async (/** @type {Boot} */ boot) => {
  closeDoors();
  try {
    const { create } = await import(`./${boot.language}.mjs`);
    const engine = await create(boot);
    if (boot.makeSnapshot) return send({ snapshot: engine.snapshot });
    const watchdog = new Worker(new URL('./watchdog.mjs', import.meta.url), {
      // Beyond the engine's own memory: Node.js, the compiled engine, its image, files.
      workerData: { deadline, maxRss: boot.memoryBytes + 512 * 2 ** 20, parent: process.ppid },
    });
    watchdog.unref();
    closeProcess();
    process.on('message', (/** @type {Job} */ job) => {
      deadline[0] = Date.now() + job.timeoutMs + 250; // later than the parent's own
      /** @type {Answer} */
      const answer = engine.run(job);
      deadline[0] = 0;
      send(answer);
      if (!answer.stale) engine.reset();
    });
    send({ ready: true });
  } catch (error) {
    send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
