/** A program to run, with tests or an input. */
export interface SandboxJob {
  program: string;
  /**
   * Run after the program in the same namespace, as a source of its own; the built-in functions are restored before. The
   * job is `ok` when they end without an exception.
   */
  tests?: string;
  /** Standard input. Default: empty. */
  stdin?: string;
  /** Milliseconds of wall-clock time. Default: the sandbox's. */
  timeoutMs?: number;
}

/**
 * What became of a job.
 *
 * - `ok`: it ended by itself without an error
 * - `error`: an exception, a failed assertion, an exit code other than 0 or, in tests, any exit
 * - `timeout`, `memory`, `output`: the limit that it ran into
 * - `crash`: it brought the interpreter down
 */
export interface SandboxResult {
  status: 'ok' | 'error' | 'timeout' | 'memory' | 'output' | 'crash';
  /** Where it failed. */
  phase?: 'program' | 'tests';
  /** The error in the words of the language, its last frames included. */
  error?: string;
  stdout: string;
  stderr: string;
  /** Milliseconds in the sandbox, waiting for a free interpreter not included. */
  ms: number;
}

/** Limits of every job. */
export interface SandboxLimits {
  /** Milliseconds of wall-clock time. Default 5000. */
  timeoutMs?: number;
  /** Memory of the interpreter in MiB. Default 256; Python itself takes 32 of them. */
  memoryMiB?: number;
  /** Standard output and error together in KiB. Default 256. */
  outputKiB?: number;
  /** Files in the sandbox's own memory in MiB; Python only. Default 16. */
  filesMiB?: number;
}
