import { availableParallelism } from 'node:os';
import { RewardError } from '../failure.ts';
import type { Language } from './engine.ts';
import type { SandboxJob, SandboxLimits, SandboxResult } from './job.ts';
import { type ProcessOptions, SandboxProcess } from './process.ts';

/** What a sandbox is made with. */
export interface SandboxOptions extends SandboxLimits {
  language: Language;
  /** Interpreters that run jobs at the same time, each a process of about 250 MB (Python) or 80 MB. Default: the number of cores, at most 4. */
  workers?: number;
}

/**
 * Runs programs nobody has read: CPython (Pyodide) or QuickJS as WebAssembly in processes that may do nothing else, with
 * limits on time, memory and output. Interpreters stay warm, and every job finds its own as new. Processes start with the
 * first job; waiting ones do not keep a program from ending.
 */
export class Sandbox {
  private readonly options: ProcessOptions;
  /** Places for processes that are free; one without a process yet is undefined. */
  private readonly free: (Promise<SandboxProcess> | undefined)[];
  private readonly waiting: (() => void)[] = [];
  private readonly all = new Set<SandboxProcess>();
  private readonly workers: number;
  private closed = false;

  /** @throws when a limit is not above 0 */
  constructor({ language, workers = Math.min(4, availableParallelism()), ...limits }: SandboxOptions) {
    const { timeoutMs = 5000, memoryMiB = 256, outputKiB = 256, filesMiB = 16 } = limits;
    this.options = { language, timeoutMs, memoryMiB, outputKiB, filesMiB };
    for (const [name, value] of Object.entries({ workers, timeoutMs, memoryMiB, outputKiB, filesMiB }))
      if (!(value > 0)) throw new Error(`sandbox: ${name} must be above 0, found ${value}`);
    if (language === 'python' && memoryMiB < 48)
      throw new Error(`sandbox: Python needs a memoryMiB of at least 48, found ${memoryMiB}`);
    this.workers = workers;
    this.free = new Array(workers).fill(undefined);
  }

  /** Starts every interpreter now and not with the first jobs. @throws RewardError as `run` does */
  async warmUp(): Promise<void> {
    await Promise.all(Array.from({ length: this.workers }, () => this.run({ program: '' })));
  }

  /**
   * Runs a job as soon as an interpreter is free. Whatever the program does is a result, not an error.
   * @throws RewardError (`unavailable`) when the interpreter is not installed or does not start, or the sandbox is closed
   */
  async run(job: SandboxJob): Promise<SandboxResult> {
    const place = await this.take();
    let next: Promise<SandboxProcess> | undefined;
    try {
      let ready = await (place ?? this.start());
      // It may have ended while it waited.
      if (!ready.alive) ready = await this.start();
      const result = await ready.run(job, job.timeoutMs ?? this.options.timeoutMs);
      if (ready.alive) next = Promise.resolve(ready);
      else {
        this.all.delete(ready);
        // Started ahead of the next job, without waiting.
        if (!this.closed) next = this.start();
        next?.catch(() => {});
      }
      return result;
    } finally {
      this.free.push(next);
      this.waiting.shift()?.();
    }
  }

  /** Ends all interpreters. */
  close(): void {
    this.closed = true;
    for (const each of this.all) each.stop();
    this.all.clear();
  }

  private async take(): Promise<Promise<SandboxProcess> | undefined> {
    while (this.free.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.closed) throw new RewardError('unavailable', 'sandbox: it is closed');
    // The one that was used last is the warmest.
    return this.free.pop();
  }

  private async start(): Promise<SandboxProcess> {
    const started = await SandboxProcess.start(this.options);
    if (this.closed) started.stop();
    else this.all.add(started);
    return started;
  }
}
