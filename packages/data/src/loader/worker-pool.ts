import { Worker } from 'node:worker_threads';

/** Code that worker threads run. */
export interface WorkerSpec {
  /**
   * A module (JavaScript) whose default export is `(options, { index, count }) => handler`, or a promise of it; called
   * once in each worker. `handler(keys)` makes a batch, or a promise of one: from row numbers when the loader walks a
   * dataset, from items when it walks a stream.
   */
  module: string | URL;
  /** Handed to the module; must be cloneable. */
  options?: unknown;
  /** Threads. */
  count: number;
}

/** What each thread runs: jobs in the order in which they come. Text, so that it needs no file of its own. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const buffersOf = (value, found = new Set(), depth = 3) => {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (value && typeof value === 'object' && depth > 0)
    for (const inner of Object.values(value)) buffersOf(inner, found, depth - 1);
  return found;
};
const ready = import(workerData.module).then(({ default: setup }) => setup(workerData.options, workerData.worker));
ready.catch(() => {});
let turn = Promise.resolve();
parentPort.on('message', ({ id, keys }) => {
  turn = turn.then(async () => {
    try {
      const batch = await (await ready)(keys);
      parentPort.postMessage({ id, batch }, [...buffersOf(batch)]);
    } catch (error) {
      parentPort.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
});
`;

interface Job {
  name: string;
  worker: number;
  resolve(batch: unknown): void;
  reject(error: Error): void;
}

/** Worker threads that make batches. Results come back as promises, so the caller keeps them in order. */
export class WorkerPool {
  readonly #workers: Worker[];
  readonly #jobs = new Map<number, Job>();
  #next = 0;
  #failure: Error | undefined;
  #closing = false;

  constructor({ module, options, count }: WorkerSpec) {
    if (!(Number.isInteger(count) && count > 0))
      throw new Error(`workers: count must be an integer > 0, found ${count}`);
    this.#workers = Array.from({ length: count }, (_, index) => {
      const workerData = { module: String(module), options, worker: { index, count } };
      const worker = new Worker(WORKER, { eval: true, workerData });
      worker.unref();
      worker.on('message', ({ id, batch, error }) => this.#settle(id, batch, error));
      worker.on('error', (error) => this.#fail(index, error.message));
      worker.on('exit', (code) => this.#fail(index, `it ended with exit code ${code}`));
      return worker;
    });
  }

  /**
   * Has the least busy worker make a batch.
   * @param name says which batch it is in an error
   */
  run(keys: readonly unknown[], name: string): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const busy = this.#workers.map(() => 0);
    for (const job of this.#jobs.values()) busy[job.worker]!++;
    const worker = busy.indexOf(Math.min(...busy));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#jobs.set(id, { name, worker, resolve, reject });
      this.#workers[worker]!.ref();
      this.#workers[worker]!.postMessage({ id, keys });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #settle(id: number, batch: unknown, error: string | undefined): void {
    const job = this.#jobs.get(id)!;
    this.#jobs.delete(id);
    if (![...this.#jobs.values()].some(({ worker }) => worker === job.worker))
      this.#workers[job.worker]!.unref();
    if (error === undefined) job.resolve(batch);
    else job.reject(new Error(`${job.name}: ${error}`));
  }

  #fail(index: number, reason: string): void {
    if (this.#closing) return;
    for (const [id, { worker, name, reject }] of this.#jobs) {
      if (worker !== index) continue;
      this.#failure ??= new Error(`worker ${index} failed while it made ${name}: ${reason}`);
      reject(this.#failure);
      this.#jobs.delete(id);
    }
    this.#failure ??= new Error(`worker ${index} failed: ${reason}`);
  }
}
