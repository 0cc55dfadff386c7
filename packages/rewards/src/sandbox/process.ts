import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RewardError } from '../failure.ts';
import { type Engine, findEngine, type Language } from './engine.ts';
import type { SandboxJob, SandboxLimits, SandboxResult } from './job.ts';

/** Flags of Node.js that take everything from a process but what its interpreter needs. */
export function processFlags({ folders }: Engine): string[] {
  // Its name while it was an experiment.
  const known = process.allowedNodeEnvironmentFlags.has('--permission');
  return [
    '--no-warnings',
    '--disallow-code-generation-from-strings',
    '--max-old-space-size=256',
    known ? '--permission' : '--experimental-permission',
    // For the thread that watches over it.
    '--allow-worker',
    ...[childFolder, ...folders].map((folder) => `--allow-fs-read=${folder}`),
  ];
}

/** What a process is started with. */
export type ProcessOptions = { language: Language } & Required<SandboxLimits>;

const child = fileURLToPath(new URL('./child/main.mjs', import.meta.url));
const childFolder = fileURLToPath(new URL('./child/', import.meta.url));
/** A start takes a second or two, on a machine that is busy elsewhere longer; after this it never will. */
const START_MS = 300_000;
/** QuickJS stops by itself at the end of its time; this is left to it before its process is killed. */
const GRACE_MS = 100;

/**
 * One interpreter in a process of its own: a thread could neither be denied the files and the environment of its process
 * nor be given a memory limit that holds. The process has an empty environment, may read nothing but the interpreter,
 * start nothing, and make no code from strings; `child/harden.mjs` takes the network from it.
 */
export class SandboxProcess {
  private readonly process: ChildProcess;
  /** False once the process has ended or is about to. */
  alive = true;

  private constructor(engine: Engine) {
    this.process = fork(child, [], {
      env: {},
      cwd: '/',
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: processFlags(engine),
    });
    this.process.once('exit', () => {
      this.alive = false;
    });
    this.process.on('error', () => {
      this.alive = false;
    });
  }

  /** @throws RewardError (`unavailable`) when the interpreter is not installed or does not start */
  static async start(options: ProcessOptions): Promise<SandboxProcess> {
    const engine = findEngine(options.language);
    const snapshot = options.language === 'python' ? await snapshotOf(engine, options) : undefined;
    const started = new SandboxProcess(engine);
    await started.boot(engine, options, { snapshot });
    started.rest();
    return started;
  }

  /** Runs one job at a time. The process is of no more use when `alive` is false afterwards. */
  async run(job: SandboxJob, timeoutMs: number): Promise<SandboxResult> {
    this.process.ref();
    this.process.channel?.ref();
    const start = performance.now();
    const { program, tests, stdin = '' } = job;
    const { answer, signal, late } = await this.ask(
      { program, tests, stdin, timeoutMs },
      timeoutMs + GRACE_MS,
    );
    const ms = performance.now() - start;
    if (answer) {
      const { stale, ...result } = answer as { stale?: boolean } & Omit<SandboxResult, 'ms'>;
      if (stale) this.stop();
      else this.rest();
      return { ...result, ms };
    }
    this.alive = false;
    const nothing = { stdout: '', stderr: '', ms };
    if (late || signal === 'SIGXCPU')
      return { status: 'timeout', error: `not done within ${timeoutMs} ms`, ...nothing };
    if (signal === 'SIGUSR2')
      return { status: 'memory', error: 'the process took too much memory', ...nothing };
    return { status: 'crash', error: `the interpreter's process ended (${signal ?? 'exit'})`, ...nothing };
  }

  /** Ends the process. */
  stop(): void {
    this.alive = false;
    this.process.kill('SIGKILL');
  }

  /** Lets this program end while the process waits. */
  private rest(): void {
    this.process.unref();
    this.process.channel?.unref();
  }

  private async boot(engine: Engine, limits: ProcessOptions, more: object): Promise<Record<string, unknown>> {
    const { answer, signal, late } = await this.ask(
      {
        language: limits.language,
        engine: engine.paths,
        memoryBytes: limits.memoryMiB * 2 ** 20,
        outputBytes: limits.outputKiB * 2 ** 10,
        fileBytes: limits.filesMiB * 2 ** 20,
        ...more,
      },
      START_MS,
    );
    if (answer && !answer.failed) return answer;
    this.stop();
    const ended = late ? `no answer within ${START_MS / 1000} s` : `its process ended (${signal ?? 'exit'})`;
    const reason = String(answer?.failed ?? ended);
    throw new RewardError('unavailable', `sandbox: ${limits.language} does not start: ${reason}`);
  }

  /** Sends a message; what comes back first: an answer, the end of the process, or of the time (then it is killed). */
  private ask(message: object, milliseconds: number) {
    type Outcome = { answer?: Record<string, unknown>; signal?: string | null; late?: boolean };
    return new Promise<Outcome>((resolve) => {
      let finished = false;
      const finish = (outcome: Outcome) => {
        finished = true;
        clearTimeout(timer);
        this.process.off('message', onMessage).off('exit', onExit);
        resolve(outcome);
      };
      const onMessage = (answer: unknown) => finish({ answer: answer as Record<string, unknown> });
      const onExit = (_code: number | null, signal: string | null) => finish({ signal });
      const kill = () => {
        if (finished) return;
        this.stop();
        finish({ late: true });
      };
      // When this thread was busy an answer may be waiting to be read: it is read before the next immediate.
      const timer = setTimeout(() => setImmediate(kill), milliseconds);
      this.process.on('message', onMessage).on('exit', onExit);
      if (this.process.connected) this.process.send(message, () => {});
      else finish({ signal: null });
    });
  }

  /** The image of a Python interpreter that has started and imported what programs often need: later starts copy it. */
  static async makeSnapshot(engine: Engine, options: ProcessOptions): Promise<Uint8Array> {
    const maker = new SandboxProcess(engine);
    const { snapshot } = await maker.boot(engine, options, { makeSnapshot: true });
    maker.stop();
    return snapshot as Uint8Array;
  }
}

/** One image for all sandboxes of this program. */
const snapshots = new Map<string, Promise<Uint8Array>>();

function snapshotOf(engine: Engine, options: ProcessOptions): Promise<Uint8Array> {
  const known = snapshots.get(engine.paths[0]!);
  if (known) return known;
  const made = SandboxProcess.makeSnapshot(engine, options);
  snapshots.set(engine.paths[0]!, made);
  // A failure may be a passing one.
  made.catch(() => snapshots.delete(engine.paths[0]!));
  return made;
}
